import { Option, type Command } from 'commander';

import type { SweepOptions } from '../actions/sweep.ts';
import { command, dnsLabel, LONGEST_PREFIX } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';

export function sweepCommand(): Command {
  return command('sweep', {
    about:
      'Removes what killed runs left behind: clusters, containers, networks, firewall rules, processes and kubeconfigs. Keeps everything that a run or `up` still uses, and everything whose owner is uncertain.',
    example: 'npx meshproof sweep --dry-run',
  })
    .option('--dry-run', 'print what would be removed, and remove nothing')
    .addOption(
      new Option('--provider <provider>', '`existing`: remove what killed runs on any machine left in an existing cluster').choices([
        'existing',
      ]),
    )
    .option('--context <name>', 'kubeconfig context of that cluster')
    .option('--kubeconfig <file>', 'kubeconfig file of the cluster; default KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <prefix>', 'prefix of the namespaces that its owner created for meshproof', dnsLabel(LONGEST_PREFIX))
    .option('--revision <name>', 'revision or tag of the control plane whose runs are swept; default the one that injects by default')
    .addOption(meshOption('mesh of the cluster'))
    .option('--all', 'with --provider=existing, also remove rigs that were kept on purpose')
    .action(async (options: SweepOptions) => {
      const { sweep } = await import('../actions/sweep.ts');
      process.exitCode = await sweep(options);
    });
}
