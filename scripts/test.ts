import { resolve } from 'node:path';

import { Option, type Command } from 'commander';

import { EXIT, MeshproofError } from '../clusters/errors.ts';
import type { UpOptions } from '../clusters/lifecycle.ts';
import { addClusterOptions, clusterName, providerOf, requireImageSource, type ClusterOptions } from './cluster-options.ts';
import { command, names, positiveInteger } from './console/command.ts';
import { untilInterrupted } from './console/interrupt.ts';
import { startProgress } from './console/progress.ts';
import { outsideOf } from './run/beside.ts';
import { chooseChecks, listChecks, runnerFilters } from './run/checks.ts';
import { REPORT } from './run/record.ts';
import { readReport } from './run/report-folder.ts';
import { runnerEnvironment, type Keep } from './run/runner-environment.ts';
import { runnerArguments, runnerOptions } from './run/runner-options.ts';

interface TestOptions extends ClusterOptions {
  suite: string[];
  check: string[];
  control: boolean;
  workers: number;
  cluster?: string;
  keep?: true | Exclude<Keep, 'no'>;
  against?: string;
  short?: boolean;
  reporter?: string;
  fresh?: boolean;
  dryRun?: boolean;
  allowMeshWide?: boolean;
  report: string;
  list?: boolean;
  ui?: boolean;
}

/** Why a check is not run on a cluster of somebody else. */
const LEFT_OUT = 'it changes the whole mesh of a cluster that others may own; --allow-mesh-wide runs it';

export function testCommand(): Command {
  const test = command('test', {
    about: 'Runs checks on a cluster: one that `up` left with this mesh, else one made for this run and removed at its end.',
    example: 'npm test -- --suite=resilience --mesh=istio',
  })
    .argument('[files...]', 'regular expressions on the path of spec files')
    .optionsGroup('Options of the run:')
    .addOption(new Option('--suite <names...>', 'only these suites').argParser(names).default([], 'all'))
    .addOption(new Option('--check <ids...>', 'only these checks, as suite/stem').argParser(names).default([], 'all'))
    .option('--no-control', 'skip the controls: quicker, but nothing is proven able to fail')
    .option('--workers <n>', 'checks at once, each on a rig of its own', positiveInteger, 2)
    .option('--report <folder>', 'where the reports go', REPORT)
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
    process.exitCode = await runTest(files, options);
  });
}

async function runTest(filters: string[], options: TestOptions): Promise<number> {
  const signal = untilInterrupted();
  const progress = startProgress();
  const choice = { suites: options.suite, ids: options.check, filters };
  const chosen = chooseChecks(await listChecks(), choice);
  const report = resolve(options.report);
  const args = [...runnerArguments({ ...options }), ...runnerFilters(chosen, choice)];
  const keep: Keep = options.keep === true ? 'all' : (options.keep ?? 'no');
  const against = options.against === undefined ? undefined : resolve(options.against);
  if (against !== undefined) await readReport(against);
  const env = runnerEnvironment({ ...options, keep, against, short: options.short === true, reporter: options.reporter }, report);
  const { loadChecks, runPlaywright } = await import('./run/playwright.ts');
  if (options.list === true) {
    const code = await runPlaywright({ args: [...args, '--reporter=list'], env, signal });
    return code === 0 ? EXIT.ok : EXIT.usage;
  }

  const wanted: UpOptions = {
    mesh: options.mesh,
    provider: await providerOf(options),
    images: await requireImageSource(options.images),
    engine: options.engine,
    rigs: options.workers,
    ...(options.cluster === undefined ? {} : { name: options.cluster }),
  };
  progress.say('loading the checks');
  const { count, traits } = await loadChecks({ args, env, signal });
  if (count === 0) throw nothingToRun();
  progress.say('reading the manifests');
  const { checkManifests } = await import('./run/preflight.ts');
  const { files: manifests, meshWide, applied } = await checkManifests(chosen, options.mesh, traits);
  const allowed = options.provider === 'kind' || options.allowMeshWide === true;
  const leftOut = Object.fromEntries(allowed ? [] : meshWide.map((id) => [id, LEFT_OUT]));
  if (wanted.provider.kind === 'existing') wanted.provider.applies = { ...applied, ...(allowed ? {} : { meshWide: [] }) };
  if (options.dryRun === true) {
    progress.pause();
    const { describePlan } = await import('./run/plan.ts');
    process.stdout.write(`${(await describePlan({ chosen, manifests, wanted, report, keep, leftOut })).join('\n')}\n`);
    return EXIT.ok;
  }
  const { runOnCluster } = await import('./run/on-cluster.ts');
  const run = {
    wanted,
    workers: options.workers,
    keep,
    fresh: options.fresh === true,
    report,
    args,
    env: { ...env, MESHPROOF_LEFT_OUT: JSON.stringify(leftOut) },
    outside: await outsideOf(traits.values()),
    interactive: options.ui === true,
  };
  return runOnCluster(run, { signal, progress });
}

function nothingToRun(): MeshproofError {
  return new MeshproofError('NO_CHECKS', 'no check is left after the options of the test runner', {
    hint: 'npm test -- --list shows them all',
    exitCode: EXIT.usage,
  });
}
