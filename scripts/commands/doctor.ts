import { Option, type Command } from 'commander';

import { imageName, REGISTRY, secretPath } from '../console/cluster-options.ts';
import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';
import type { DoctorOptions } from '../doctor/options.ts';
import { DEFAULT_SUITES } from '../run/checks.ts';

const DETAILS = `
Exit codes of doctor: 0 if nothing failed (there may be warnings), 3 if something failed.

Fields of --output=json:
  healthy             whether nothing failed
  findings[].category the area, e.g. machine, engine, rights
  findings[].check    the condition that is checked
  findings[].status   ok, warning or failed
  findings[].seen     what was found
  findings[].hint     how to fix it; only if status is not ok`;

export function doctorCommand(): Command {
  return command('doctor', {
    about:
      'Checks whether this machine can run clusters, or whether an existing cluster can be used, and explains how to fix what is missing. Changes nothing.',
    example: 'npx meshproof doctor --provider=existing --context=staging',
  })
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .option('--no-network', 'do not contact registries')
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .optionsGroup('Options for an existing cluster:')
    .addOption(
      new Option('--provider <provider>', 'check for a kind cluster or for an existing one').choices(['kind', 'existing']).default('kind'),
    )
    .option('--context <name>', 'kubeconfig context of the cluster')
    .option('--kubeconfig <file>', 'kubeconfig file of the cluster; default KUBECONFIG, then ~/.kube/config')
    .option('--revision <name>', 'revision or tag of the control plane to use; default the one that injects by default')
    .option('--namespaces <prefix>', 'prefix of the namespaces that its owner created for meshproof', dnsLabel(LONGEST_PREFIX))
    .option('--sample-image <image>', 'image of Node.js 24 for the sample pods', imageName)
    .option('--pull-secret <namespace/name>', 'Secret with which its nodes pull images', secretPath)
    .addOption(meshOption('mesh to use'))
    .option('--workers <n>', 'number of rigs that a run would create', positiveInteger, 2)
    .addOption(
      new Option('--suite <names...>', 'only the permissions that these suites need; all stands for every suite')
        .argParser(names)
        .default([], DEFAULT_SUITES),
    )
    .addOption(new Option('--check <ids...>', 'only the permissions that these checks need').argParser(names).default([], 'all'))
    .option('--allow-mesh-wide', 'include the permissions of checks that change the whole mesh')
    .addHelpText('after', DETAILS)
    .action(async (options: DoctorOptions) => {
      const { diagnose } = await import('../actions/doctor.ts');
      process.exitCode = await diagnose(options);
    });
}
