import { Option, type Command } from 'commander';

import { ON_PERMISSION } from '../../fixtures/contract/faults.ts';
import type { RbacOptions } from '../actions/rbac.ts';
import { DEFAULT_SUITES } from '../run/checks.ts';
import { secretPath } from '../console/cluster-options.ts';
import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';

export function rbacCommand(): Command {
  return command('rbac', {
    about:
      'Prints the manifests of a least-privilege service account for an existing cluster, for its owner to review and apply. Contacts no cluster, unless --context is given: then it reads the configuration of the mesh there.',
    example: 'npx meshproof rbac --suite=routing --context=staging > rbac.yaml',
  })
    .option('--name <name>', 'name of the account and its roles', dnsLabel(), 'meshproof')
    .option('--namespace <name>', 'namespace of the account', dnsLabel(), 'meshproof-system')
    .option('--namespaces <prefix>', 'prefix of the namespaces for rigs; the manifests create them', dnsLabel(LONGEST_PREFIX), 'meshproof')
    .option('--create-namespaces', 'let the account create and remove namespaces itself, which requires its permissions in every namespace')
    .option('--workers <n>', 'number of rigs, one for each check that runs in parallel', positiveInteger, 2)
    .addOption(
      new Option('--suite <names...>', 'only the permissions that these suites need; all stands for every suite')
        .argParser(names)
        .default([], DEFAULT_SUITES),
    )
    .addOption(new Option('--check <ids...>', 'only the permissions that these checks need').argParser(names).default([], 'all'))
    .addOption(meshOption('mesh to use'))
    .option('--context <name>', "kubeconfig context of the cluster, with its owner's permissions, to read the configuration of its mesh")
    .option('--kubeconfig <file>', 'kubeconfig file of the cluster; default KUBECONFIG, then ~/.kube/config')
    .option('--revision <name>', 'revision or tag of the control plane to use; default the one that injects by default', dnsLabel())
    .option('--mesh-namespace <name>', 'namespace of the control plane, if no --context is given', dnsLabel())
    .option(
      '--root-namespace <name>',
      'root namespace of the mesh, if no --context is given; default the namespace of the control plane',
      dnsLabel(),
    )
    .option('--allow-mesh-wide', 'include the permissions of checks that change the whole mesh')
    .addOption(
      new Option('--allow-faults <kinds...>', 'with --allow-mesh-wide: include the permissions for faults of these kinds').choices(
        ON_PERMISSION,
      ),
    )
    .option('--pull-secret <namespace/name>', 'let the account read this Secret, with which the nodes pull images', secretPath)
    .action(async (options: RbacOptions) => {
      const { printAccount } = await import('../actions/rbac.ts');
      process.exitCode = await printAccount(options);
    });
}
