import { type Command, Option } from 'commander';

import { reportName } from '../../fixtures/contract/settings.ts';
import type { WatchOptions } from '../actions/watch.ts';
import { addPlaceOptions, clusterName, REGISTRY } from '../console/cluster-options.ts';
import { command, duration } from '../console/command.ts';
import { requestRate } from '../console/request-rate.ts';

const DETAILS = `
Exit codes of watch:
  0  every outage was within the budget, and nothing was let through that must be refused
  1  OVER BUDGET: the outages of a class exceeded the budget in total, or something was let through that must be refused
  3  NOT KNOWN: a class was not watched long enough to judge, or a problem of the tool, the machine or the cluster
Ctrl-C ends a watch; what was observed until then is judged.`;

export function watchCommand(): Command {
  const watch = command('watch', {
    about:
      'Watches a mesh while its owner upgrades it or changes anything else: sample services call each other continuously, and new objects are sent to the API server as dry runs. Reports every outage, and what changed at that time.',
    example: 'npx meshproof watch --provider=existing --context=staging --namespaces=meshproof --for=2h --budget=5s',
  })
    .option('--for <time>', 'how long to watch, e.g. 30s, 10min or 2h; default until Ctrl-C', duration)
    .addOption(new Option('--budget <time>', 'total outage time that each class of requests may have').argParser(duration).default(0, '0s'))
    .option('--rate <n>', 'requests per second of each class', requestRate, 10)
    .option('--report <folder>', 'report folder: new, empty or an earlier report', reportName());
  return addPlaceOptions(watch, 'watch a kind cluster that `up` created, or an existing cluster')
    .option('--registry <prefix>', REGISTRY)
    .option('--cluster <name>', 'name of the cluster to watch, as printed by `up`', clusterName)
    .addHelpText('after', DETAILS)
    .action(async (options: WatchOptions) => {
      const { watchCluster } = await import('../actions/watch.ts');
      process.exitCode = await watchCluster(options);
    });
}
