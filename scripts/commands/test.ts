import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import type { TestOptions } from '../actions/test.ts';
import { addClusterOptions, clusterName, typedForNew } from '../console/cluster-options.ts';
import { command, names, positiveInteger } from '../console/command.ts';
import { runnerOptions } from '../run/runner-options.ts';
import { carriedWorkers, defaultWorkers } from '../run/workers.ts';

export function testCommand(): Command {
  const test = command('test', {
    about: 'Runs checks on a cluster: one that `up` left with this mesh, else one made for this run and removed at its end.',
    example: `npm test -- --suite=resilience --mesh=${DEFAULT_MESH}`,
  })
    .argument('[files...]', 'regular expressions on the path of spec files')
    .optionsGroup('Options of the run:')
    .addOption(new Option('--suite <names...>', 'only these suites').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'only these checks, as suite/stem').argParser(names).default([], 'all'))
    .option('--no-control', 'skip the controls: quicker, but nothing is proven able to fail')
    .addOption(
      new Option('--workers <n>', 'checks at once, each on a rig of its own')
        .argParser(positiveInteger)
        .default(undefined, `what the machine carries: ${carriedWorkers()}; ${defaultWorkers('existing')} on a cluster that exists`),
    )
    .option('--report <folder>', 'where the reports go: a new or empty folder, or a report', reportName())
    .option('--against <report>', 'the folder of an earlier run, to say what is new, fixed and regressed')
    .option('--short', 'show only the result, in a form to paste into a chat')
    .option('--dry-run', 'print what would be done, and do nothing');
  addClusterOptions(test)
    .option('--cluster <name>', 'the cluster to use, as `up` named it', clusterName)
    .option('--allow-mesh-wide', 'run checks that change the whole mesh on a cluster that exists too')
    .option('--fresh', 'make a cluster for this run even where one is up')
    .addOption(
      new Option('--keep [what]', 'leave the cluster that was made for this run; `failed`: only what a check failed on').choices([
        'all',
        'failed',
      ]),
    );
  for (const option of runnerOptions()) test.addOption(option);
  return test.action(async (files: string[], options: TestOptions) => {
    const { runTest } = await import('../actions/test.ts');
    process.exitCode = await runTest(files, options, typedForNew(test));
  });
}
