import { join, relative } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { Changed, CheckedStation, Station } from '../../fixtures/contract/upgrade.ts';
import { differencesBetween, fingerprintsOf } from '../../fixtures/watch/fingerprint.ts';
import { readConformance } from '../../reporters/conformance-files.ts';
import { compare } from '../../reporters/transitions.ts';
import type { Decision } from './decide.ts';
import { runChecks } from './on-cluster.ts';
import { claimReport } from './record.ts';

/** One run of the chosen checks. */
export interface CheckedRun {
  at: Station;
  /** Its report folder, an absolute path. */
  folder: string;
  conformance: Conformance;
}

/** Runs the chosen checks on a cluster whose rigs this process has leased. @param folder where to report, an absolute path */
export async function checkStation(
  at: Station,
  cluster: ClusterDescription,
  { args, settings }: Pick<Decision, 'args' | 'settings'>,
  folder: string,
  signal: AbortSignal,
): Promise<CheckedRun> {
  await claimReport(folder, cluster.mesh, undefined);
  const run = { args, settings: { ...settings, report: folder }, interactive: false, asked: { shard: undefined } };
  await runChecks({ description: cluster, createdForRun: true }, run, signal);
  signal.throwIfAborted();
  return { at, folder, conformance: await readConformance(join(folder, 'conformance.json')) };
}

/** What several runs of the same checks show about an upgrade. */
export interface Behaviour {
  checks: CheckedStation[];
  changed: Changed[];
  /** Checks that failed after the upgrade and passed before it, each as a sentence. */
  regressed: string[];
  /** Why checks prove less than they say. */
  unproven: string[];
}

const WHEN: Readonly<Record<Station, string>> = {
  before: 'before the upgrade',
  after: 'after the upgrade',
  'way back': 'after the way back',
};

/** Compares each run with the first one, which was before the upgrade. @param report the folder of the upgrade's report */
export async function behaviourOf(runs: readonly CheckedRun[], report: string): Promise<Behaviour> {
  const [before, ...others] = runs;
  const behaviour: Behaviour = {
    checks: runs.map(({ at, folder, conformance: { checks, run } }) => ({
      at,
      folder: relative(report, folder),
      verdicts: Object.fromEntries([...Map.groupBy(checks, ({ verdict }) => verdict)].map(([verdict, all]) => [verdict, all.length])),
      errors: run.errors,
    })),
    changed: [],
    regressed: [],
    unproven: runs.flatMap(({ at, conformance }) => conformance.run.errors.map((error) => `the checks ${WHEN[at]}: ${error}`)),
  };
  if (before === undefined) return behaviour;
  const prints = await fingerprintsOf(before.folder, before.conformance.checks);
  for (const { at, folder, conformance } of others) {
    if (at === 'before') continue;
    const { changes } = compare(before.conformance, conformance);
    const verdicts = changes.filter((change) => change.before !== change.now);
    behaviour.changed.push(
      ...verdicts.map(({ id, before: then, now }) => ({
        at,
        what: 'verdict' as const,
        of: id,
        before: then ?? 'none',
        now: now ?? 'none',
      })),
      ...differencesBetween(prints, await fingerprintsOf(folder, conformance.checks)).map((difference) => ({ at, ...difference })),
    );
    for (const { id, title } of verdicts.filter((change) => change.before === 'PASS' && change.now === 'FAIL')) {
      const { reason = '' } = conformance.checks.find((check) => check.id === id && check.verdict === 'FAIL') ?? {};
      behaviour.regressed.push(`${id} passed before the upgrade and fails ${WHEN[at]} (${title}): ${reason}`);
    }
  }
  return behaviour;
}
