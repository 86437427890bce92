import { resolve } from 'node:path';

import { EXIT } from '../../clusters/errors.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { meshModule } from '../../clusters/meshes.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { explain } from '../console/failure.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress, type Progress } from '../console/progress.ts';
import type { Choice } from '../run/checks.ts';
import { addressed, decide, workersOf, type Decision, type RunOptions } from '../run/decide.ts';
import { runOnCluster } from '../run/on-cluster.ts';
import { describePlan } from '../run/plan.ts';
import { runPlaywright } from '../run/playwright.ts';
import { claimReport, holdReport, recordStop, requireReportFolder, requireWritableReport, tidyReport } from '../run/record.ts';
import { lastFailed, type Ran } from '../run/report-folder.ts';
import { overload } from '../run/workers.ts';

/** The options of `meshproof test`. */
export interface TestOptions extends RunOptions {
  suite: string[];
  check: string[];
  report: string;
  dryRun?: boolean;
  list?: boolean;
  lastFailed?: boolean;
  shard?: string;
  ui?: boolean;
}

interface ConsoleTask {
  signal: AbortSignal;
  progress: Progress;
}

/** Runs checks, or prints what a run would do. @returns the exit code */
export async function runTest(filters: string[], options: TestOptions, typed: readonly string[]): Promise<number> {
  const report = resolve(options.report);
  const failed = options.lastFailed === true ? await lastFailed(report, await ranOn(options)) : undefined;
  const narrowed = options.grep !== undefined || options.onlyChanged !== undefined;
  const choice = { suites: options.suite, ids: options.check, filters, failed, narrowed };
  if (options.list === true) return list(choice, options, report);
  const task = { signal: untilInterrupted(), progress: startProgress() };
  if (options.dryRun === true) {
    await requireWritableReport(report);
    const decision = await decide(choice, options, report, task);
    task.progress.pause();
    const { lines, exitCode } = await describePlan({ ...decision, typed });
    process.stdout.write(`${lines.join('\n')}\n`);
    return exitCode;
  }
  let claimed = false;
  try {
    requireReportFolder(report);
    const decision = await decide(choice, options, report, task);
    return await holdReport(report, async () => {
      const against = await claimReport(report, options.mesh, decision.settings.against);
      claimed = true;
      return await run(decision, options, { against, typed }, task);
    });
  } catch (error) {
    task.progress.pause();
    await recordStop(report, error, claimed).catch(explain);
    throw error;
  } finally {
    if (claimed) await tidyReport(report);
  }
}

/** Where the checks that failed ran, as far as the options say. */
async function ranOn({ mesh, meshVersion, under }: TestOptions): Promise<Ran> {
  if (meshVersion === undefined) return { mesh, under };
  const { facts } = await meshModule(mesh);
  return { mesh, under, versions: { [facts.parts.controlPlane]: meshVersion } };
}

async function list(choice: Choice, options: TestOptions, report: string): Promise<number> {
  const { args, settings } = await addressed(choice, options, report);
  const code = await runPlaywright({
    args: [...args, '--reporter=list'],
    settings: { ...settings, listing: true },
    signal: untilInterrupted(),
  });
  return code === 0 ? EXIT.ok : EXIT.usage;
}

interface Invocation {
  against: string | undefined;
  typed: readonly string[];
}

async function run(decision: Decision, options: TestOptions, { against, typed }: Invocation, task: ConsoleTask): Promise<number> {
  const workers = workersOf(options);
  const heavy = options.workers === undefined ? undefined : overload(workers, options.provider);
  if (heavy !== undefined) {
    task.progress.pause();
    process.stderr.write(`warning: ${heavy}\n`);
  }
  // For a kind cluster, the free space is checked before this folder is created.
  if (decision.wanted.provider.kind === 'existing') await makeFolder(cacheFolder());
  const { wanted, args, external } = decision;
  const settings = { ...decision.settings, ...omitUndefined({ against }) };
  const asked = { typed, workers: options.workers, shard: options.shard };
  return runOnCluster({ wanted, fresh: options.fresh === true, args, settings, external, interactive: options.ui === true, asked }, task);
}
