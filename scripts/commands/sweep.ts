import { Option, type Command } from 'commander';

import type { SweepOptions } from '../actions/sweep.ts';
import { command, dnsLabel, LONGEST_PREFIX } from '../console/command.ts';
import { meshOption } from '../console/mesh-option.ts';

export function sweepCommand(): Command {
  return command('sweep', {
    about:
      'Removes what killed runs left: clusters, containers, networks, firewall rules, processes, kubeconfigs. What a run or `up` still uses stays, and so does what this machine cannot tell to be left.',
    example: 'npx meshproof sweep --dry-run',
  })
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .addOption(
      new Option('--provider <provider>', '`existing`: what runs on any machine left in a cluster that exists').choices(['existing']),
    )
    .option('--context <name>', 'kubeconfig context of that cluster')
    .option('--kubeconfig <file>', 'its kubeconfig; default KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <prefix>', 'of namespaces that its owner made for this', dnsLabel(LONGEST_PREFIX))
    .addOption(meshOption('which mesh it has'))
    .option('--all', 'there, also rigs that were made to stay')
    .action(async (options: SweepOptions) => {
      const { sweep } = await import('../actions/sweep.ts');
      process.exitCode = await sweep(options);
    });
}
