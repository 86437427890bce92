import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

import { DEFAULT_MESH } from '../../clusters/meshes.ts';
import { EXIT } from '../../clusters/errors.ts';
import { given } from '../../clusters/kubernetes/given.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { addClusterOptions, clusterName, typedForNew } from '../console/cluster-options.ts';
import { command, names, positiveInteger } from '../console/command.ts';
import { explain } from '../console/failure.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress, type Progress } from '../console/progress.ts';
import type { Choice } from '../run/checks.ts';
import { addressed, decide, workersOf, type Decision, type RunOptions } from '../run/decide.ts';
import { claimReport, holdReport, recordStop, requireReportFolder, tidyReport } from '../run/record.ts';
import { lastFailed } from '../run/report-folder.ts';
import { runnerOptions } from '../run/runner-options.ts';
import { carriedWorkers, defaultWorkers, overload } from '../run/workers.ts';

interface TestOptions extends RunOptions {
  suite: string[];
  check: string[];
  report: string;
  dryRun?: boolean;
  list?: boolean;
  lastFailed?: boolean;
  shard?: string;
  ui?: boolean;
}

interface Work {
  signal: AbortSignal;
  progress: Progress;
}

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
    process.exitCode = await runTest(files, options, typedForNew(test));
  });
}

async function runTest(filters: string[], options: TestOptions, typed: readonly string[]): Promise<number> {
  const report = resolve(options.report);
  const failed = options.lastFailed === true ? await lastFailed(report, options.mesh) : undefined;
  const choice = { suites: options.suite, ids: options.check, filters, failed };
  if (options.list === true) return list(choice, options, report);
  const work = { signal: untilInterrupted(), progress: startProgress() };
  if (options.dryRun === true) {
    requireReportFolder(report);
    const decision = await decide(choice, options, report, work);
    work.progress.pause();
    const { describePlan } = await import('../run/plan.ts');
    process.stdout.write(`${(await describePlan({ ...decision, typed })).join('\n')}\n`);
    return EXIT.ok;
  }
  let claimed = false;
  try {
    requireReportFolder(report);
    const decision = await decide(choice, options, report, work);
    return await holdReport(report, async () => {
      const against = await claimReport(report, options.mesh, decision.settings.against);
      claimed = true;
      return await run(decision, options, { against, typed }, work);
    });
  } catch (error) {
    work.progress.pause();
    await recordStop(report, error, claimed).catch(explain);
    throw error;
  } finally {
    if (claimed) await tidyReport(report);
  }
}

async function list(choice: Choice, options: TestOptions, report: string): Promise<number> {
  const { args, settings } = await addressed(choice, options, report);
  const { runPlaywright } = await import('../run/playwright.ts');
  const code = await runPlaywright({
    args: [...args, '--reporter=list'],
    settings: { ...settings, listing: true },
    signal: untilInterrupted(),
  });
  return code === 0 ? EXIT.ok : EXIT.usage;
}

interface Place {
  against: string | undefined;
  typed: readonly string[];
}

async function run(decision: Decision, options: TestOptions, { against, typed }: Place, work: Work): Promise<number> {
  const workers = workersOf(options);
  const heavy = options.workers === undefined ? undefined : overload(workers, options.provider);
  if (heavy !== undefined) {
    work.progress.pause();
    process.stderr.write(`warning: ${heavy}\n`);
  }
  // A kind cluster asks first for room there.
  if (decision.wanted.provider.kind === 'existing') await makeFolder(cacheFolder());
  const { runOnCluster } = await import('../run/on-cluster.ts');
  const { wanted, args, external } = decision;
  const settings = { ...decision.settings, ...given({ against }) };
  const asked = { typed, workers: options.workers, shard: options.shard };
  return runOnCluster({ wanted, fresh: options.fresh === true, args, settings, external, interactive: options.ui === true, asked }, work);
}
