import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { ON_PERMISSION } from '../../fixtures/contract/faults.ts';
import { UNDER_NAMES } from '../../fixtures/contract/under.ts';
import type { TestOptions } from '../actions/test.ts';
import { addClusterOptions, clusterName, typedForNew } from '../console/cluster-options.ts';
import { command, names, positiveInteger } from '../console/command.ts';
import { runnerOptions } from '../run/runner-options.ts';
import { DEFAULT_SUITES } from '../run/checks.ts';
import { carriedWorkers, defaultWorkers } from '../run/workers.ts';

export function testCommand(): Command {
  const usualWorkers = `${carriedWorkers()}, as many as this machine can handle; ${defaultWorkers('existing')} on an existing cluster`;
  const test = command('test', {
    about: 'Runs checks on a cluster: one created by `up` with this mesh, or else one created for this run and removed at its end.',
    example: `npm test -- --suite=resilience --mesh=${DEFAULT_MESH}`,
  })
    .argument('[files...]', 'regular expressions that match paths of spec files')
    .optionsGroup('Options of the run:')
    .addOption(
      new Option('--suite <names...>', 'run only these suites; all stands for every suite').argParser(names).default([], DEFAULT_SUITES),
    )
    .addOption(
      new Option('--check <ids...>', 'run only these checks, named suite/check').argParser(names).default([], 'all of these suites'),
    )
    .addOption(new Option('--under <fault>', 'run each check, and its control, while this fault lasts').choices(UNDER_NAMES))
    .option('--no-control', 'skip the controls: faster, but no check is proven able to fail')
    .addOption(
      new Option('--workers <n>', `number of checks in parallel, each on its own rig (default: ${usualWorkers})`).argParser(
        positiveInteger,
      ),
    )
    .option('--report <folder>', 'report folder: new, empty or an earlier report', reportName())
    .option('--against <report>', 'report folder of an earlier run; show what is new, fixed or regressed since')
    .option('--short', 'print only the result, ready to paste into a chat')
    .option('--dry-run', 'print what the run would do, and do nothing');
  addClusterOptions(test)
    .option('--cluster <name>', 'name of the cluster to use, as printed by `up`', clusterName)
    .option('--allow-mesh-wide', 'run checks that change the whole mesh on an existing cluster too')
    .addOption(
      new Option('--allow-faults <kinds...>', 'inject faults of these kinds, which concern others, on an existing cluster too').choices(
        ON_PERMISSION,
      ),
    )
    .option('--fresh', 'create a cluster for this run even if one is up')
    .addOption(
      new Option(
        '--keep [what]',
        'keep the cluster created for this run; `failed`: keep the namespaces of failed checks, and the cluster only if there are any',
      ).choices(['all', 'failed']),
    );
  for (const option of runnerOptions()) test.addOption(option);
  return test.action(async (files: string[], options: TestOptions) => {
    const { runTest } = await import('../actions/test.ts');
    process.exitCode = await runTest(files, options, typedForNew(test));
  });
}
