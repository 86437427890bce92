import { Option, type Command } from 'commander';

import type { RbacOptions } from '../actions/rbac.ts';
import { command, dnsLabel, LONGEST_PREFIX, names, positiveInteger } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';

export function rbacCommand(): Command {
  return command('rbac', {
    about:
      'Prints a service account with the least rights that --provider=existing needs, for the owner of a cluster to read and apply. Asks no cluster.',
    example: 'npx meshproof rbac --suite=routing > rbac.yaml',
  })
    .option('--name <name>', 'of the account and of its roles', dnsLabel(), 'meshproof')
    .option('--namespace <name>', 'where the account lives', dnsLabel(), 'meshproof-system')
    .option('--namespaces <prefix>', 'of the namespaces for rigs, which the manifest makes', dnsLabel(LONGEST_PREFIX), 'meshproof')
    .option(
      '--create-namespaces',
      'instead let the account make and remove namespaces itself, which takes the same rights in every namespace',
    )
    .option('--workers <n>', 'rigs, one a check that runs at once', positiveInteger, 2)
    .addOption(new Option('--suite <names...>', 'rights for these suites only').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'rights for these checks only').argParser(names).default([], 'all'))
    .addOption(meshOption('which mesh'))
    .option('--allow-mesh-wide', 'also rights for checks that change the whole mesh')
    .action(async (options: RbacOptions) => {
      const { printAccount } = await import('../actions/rbac.ts');
      process.exitCode = await printAccount(options);
    });
}
