import { join, relative } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { causeOf } from '../../clusters/errors.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { Changed, RecordedStation, Station } from '../../fixtures/contract/upgrade.ts';
import { defaultsOn, settingsThatDiffer } from '../../fixtures/watch/defaults.ts';
import { differencesBetween, fingerprintsOf } from '../../fixtures/watch/fingerprint.ts';
import { readConformance } from '../../reporters/conformance-files.ts';
import { compare } from '../../reporters/transitions.ts';
import type { Decision } from './decide.ts';
import { runChecks } from './on-cluster.ts';
import { claimReport } from './record.ts';

/** Behaviour as recorded at one time, with the report of the checks if any were chosen. */
export interface Recorded extends Pick<RecordedStation, 'defaults' | 'unread'> {
  at: Station;
  run?: CheckedRun;
}

interface CheckedRun {
  /** Its report folder, an absolute path. */
  folder: string;
  conformance: Conformance;
}

/** Reads the defaults of a caller's proxy in the first rig, on which no policy may be in force. A failure to read them is recorded. */
export async function readDefaults(cluster: ClusterDescription, signal: AbortSignal): Promise<Pick<Recorded, 'defaults' | 'unread'>> {
  try {
    const defaults = await defaultsOn(cluster, signal);
    return defaults === undefined ? {} : { defaults };
  } catch (error) {
    signal.throwIfAborted();
    return { unread: causeOf(error) };
  }
}

/** Runs the chosen checks on a cluster whose rigs this process has leased. @param folder where to report, an absolute path */
export async function runChosen(
  cluster: ClusterDescription,
  { args, settings }: Pick<Decision, 'args' | 'settings'>,
  folder: string,
  signal: AbortSignal,
): Promise<CheckedRun> {
  await claimReport(folder, cluster.mesh, undefined);
  const run = { args, settings: { ...settings, report: folder, keepEvidence: true }, interactive: false, asked: { shard: undefined } };
  await runChecks({ description: cluster, createdForRun: true }, run, signal);
  signal.throwIfAborted();
  return { folder, conformance: await readConformance(join(folder, 'conformance.json')) };
}

/** What the stations of an upgrade show. */
export interface Behaviour {
  stations: RecordedStation[];
  changed: Changed[];
  /** Checks that failed after the upgrade and passed before it, each as a sentence. */
  regressed: string[];
  /** Why checks prove less than they say. */
  unproven: string[];
}

const WHEN: Readonly<Record<Station, string>> = {
  before: 'before the upgrade',
  after: 'after the upgrade',
  rollback: 'after the rollback',
};

/** Compares each station with the first one, which was before the upgrade. @param report the folder of the upgrade's report */
export async function behaviourOf(recorded: readonly Recorded[], report: string): Promise<Behaviour> {
  const [before, ...others] = recorded;
  const behaviour: Behaviour = { stations: recorded.map((one) => described(one, report)), changed: [], regressed: [], unproven: [] };
  for (const { at, run } of recorded)
    behaviour.unproven.push(...(run?.conformance.run.errors ?? []).map((error) => `the checks ${WHEN[at]}: ${error}`));
  for (const { at, run, defaults } of others) {
    if (before === undefined || at === 'before') continue;
    const { changes, regressed } = before.run === undefined || run === undefined ? NOTHING : await between(before.run, run);
    const settings = before.defaults === undefined || defaults === undefined ? [] : settingsThatDiffer(before.defaults, defaults);
    behaviour.changed.push(...[...changes, ...settings].map((difference) => ({ at, ...difference })));
    behaviour.regressed.push(
      ...regressed.map(({ id, title, reason }) => `${id} passed before the upgrade and fails ${WHEN[at]} (${title}): ${reason}`),
    );
  }
  return behaviour;
}

function described({ at, run, defaults, unread }: Recorded, report: string): RecordedStation {
  const rest = { ...(defaults === undefined ? {} : { defaults }), ...(unread === undefined ? {} : { unread }) };
  if (run === undefined) return { at, ...rest };
  const { folder, conformance } = run;
  const groups = Map.groupBy(conformance.checks, ({ verdict }) => verdict);
  const verdicts = Object.fromEntries([...groups].map(([verdict, all]) => [verdict, all.length]));
  return { at, checks: { folder: relative(report, folder), verdicts, errors: conformance.run.errors }, ...rest };
}

interface Differences {
  changes: Omit<Changed, 'at'>[];
  /** The checks that passed and fail now. */
  regressed: Pick<Conformance['checks'][number], 'id' | 'title' | 'reason'>[];
}
const NOTHING: Differences = { changes: [], regressed: [] };

async function between(before: CheckedRun, now: CheckedRun): Promise<Differences> {
  const { changes } = compare(before.conformance, now.conformance);
  const verdicts = changes.filter((change) => change.before !== change.now);
  const failed = new Set(verdicts.filter((change) => change.before === 'PASS' && change.now === 'FAIL').map(({ id }) => id));
  const [then, since] = await Promise.all([before, now].map(async ({ folder, conformance }) => fingerprintsOf(folder, conformance.checks)));
  return {
    changes: [
      ...verdicts.map((change) => ({
        what: 'verdict' as const,
        of: change.id,
        before: change.before ?? 'none',
        now: change.now ?? 'none',
      })),
      ...differencesBetween(then ?? [], since ?? []),
    ],
    regressed: now.conformance.checks.filter(({ id }) => failed.has(id)),
  };
}
