import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { causeOf, EXIT } from '../../clusters/errors.ts';
import type { WatchedClass, WatchReport } from '../../fixtures/contract/watch.ts';
import { WATCH_SCHEMA_VERSION } from '../../fixtures/contract/watch.ts';
import { reportOf } from '../../fixtures/watch/report.ts';
import { prepareWatch } from '../../fixtures/watch/watch.ts';
import type { Watcher } from '../../fixtures/watch/watcher.ts';
import { liveLine, outageLine, writeWatch } from '../../reporters/watch.ts';
import type { Progress } from '../console/progress.ts';
import type { HeldLeases } from './leased-rigs.ts';
import { describeRun } from './record.ts';

export interface WatchSettings {
  /** Milliseconds; default until the signal aborts. */
  for?: number;
  /** Total outage time that a class may have, in milliseconds. */
  budget: number;
  rate: number;
  /** The report folder. */
  report: string;
}

const EXIT_CODES: Readonly<Record<WatchReport['verdict'], number>> = {
  'WITHIN BUDGET': EXIT.ok,
  'OVER BUDGET': EXIT.fail,
  'NOT KNOWN': EXIT.unproven,
};
/** A killed process loses what it has observed since it last wrote the report. */
const WRITE_MS = 2_000;
/** An outage is printed only when no request of that time can be in flight any more. */
const OVER_MS = 20_000;

export interface WatchTask {
  signal: AbortSignal;
  progress: Progress;
  leases: HeldLeases;
}

/**
 * Watches the first rig of a cluster until the time is up or the signal aborts. If the rig is lost, only what was observed while its lease
 * certainly held is reported. @returns the exit code for the verdict
 */
export async function watchRig(cluster: ClusterDescription, settings: WatchSettings, task: WatchTask): Promise<number> {
  return await withWatcher(cluster, settings, task, (watcher, about) => watchWith(watcher, about, settings, task));
}

/** Runs `use` with a watcher of the first rig of a cluster, which has not begun, and ends the requests whatever happens. */
export async function withWatcher<T>(
  cluster: ClusterDescription,
  { budget: budgetMs, rate }: Pick<WatchSettings, 'budget' | 'rate'>,
  { signal, progress, leases }: WatchTask,
  use: (watcher: Watcher, about: WatchAbout) => Promise<T>,
): Promise<T> {
  const watcher = await prepareWatch({ cluster, rate, lost: leases.lost }, { signal, progress: progress.say });
  try {
    const { versions, environment } = await describeRun(cluster, false, 1);
    return await use(watcher, { id: randomBytes(4).toString('hex'), budgetMs, rate, mesh: cluster.mesh, versions, environment });
  } finally {
    await watcher.end();
    watcher.disconnect();
  }
}

/** Lets a watcher watch, and writes its report. @returns the exit code for the verdict */
export async function watchWith(
  watcher: Pick<Watcher, 'begin' | 'seen' | 'end'>,
  about: WatchAbout,
  settings: Pick<WatchSettings, 'for' | 'report'>,
  task: WatchTask,
): Promise<number> {
  watcher.begin();
  const { verdict, reasons } = await observe(watcher, about, settings, task);
  process.stdout.write(`${verdict}: ${reasons.join('; ')}\n${join(settings.report, 'watch.md')}\n`);
  return EXIT_CODES[verdict];
}

export type WatchAbout = Omit<WatchReport['watch'], 'state' | 'startedAt' | 'durationMs'>;

/** Writes the report of a watcher that has begun until the time is up or the signal aborts, and ends it. @returns the last report */
export async function observe(
  watcher: Pick<Watcher, 'seen' | 'end'>,
  about: WatchAbout,
  { for: forMs, report }: Pick<WatchSettings, 'for' | 'report'>,
  { signal, progress, leases }: WatchTask,
): Promise<WatchReport> {
  const said = new Set<string>();
  const now = (state: WatchReport['watch']['state']): WatchReport => reportOf(watcher.seen(), { ...about, state }, WATCH_SCHEMA_VERSION);
  const certain = new Certain(now('running'));
  const write = async (state: WatchReport['watch']['state']): Promise<WatchReport> => {
    const written = now(state);
    certain.note(written, leases.heldUntil);
    await writeWatch(report, written);
    progress.show(liveLine(written));
    tellOutages(written, said, state === 'ended' ? Infinity : Math.min(Date.now() - OVER_MS, leases.heldUntil), progress);
    return written;
  };
  const writeCertain = async (lost: string): Promise<WatchReport> => {
    const written = certain.without(lost, leases.heldUntil);
    await writeWatch(report, written);
    return written;
  };
  await untilOver(forMs, signal, () => write('running'));
  // A process that was suspended must not end the requests of another run.
  await leases.renew();
  progress.say('reading the results of the last requests');
  await watcher.end();
  const last = leases.lost.aborted ? await writeCertain(causeOf(leases.lost.reason)) : await write('ended');
  progress.pause();
  return last;
}

/** The last report of a time in which the leases certainly held. */
class Certain {
  #report: WatchReport;
  /** A later one, whose time is not confirmed yet. */
  #next: { at: number; report: WatchReport } | undefined;

  constructor(first: WatchReport) {
    this.#report = first;
  }

  note(report: WatchReport, heldUntil: number): void {
    this.#confirm(heldUntil);
    this.#next ??= { at: Date.now(), report };
  }

  /** That report, with the reason why nothing more is known. */
  without(reason: string, heldUntil: number): WatchReport {
    this.#confirm(heldUntil);
    return { ...this.#report, verdict: 'NOT KNOWN', reasons: [reason], watch: { ...this.#report.watch, state: 'ended' } };
  }

  #confirm(heldUntil: number): void {
    if (this.#next === undefined || this.#next.at > heldUntil) return;
    this.#report = this.#next.report;
    this.#next = undefined;
  }
}

/** Calls `act` repeatedly until the time is up or the signal aborts. */
async function untilOver(forMs: number | undefined, signal: AbortSignal, act: () => Promise<unknown>): Promise<void> {
  const over = forMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(forMs)]);
  while (!over.aborted) {
    await act();
    await delay(WRITE_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Prints a line for each outage that is over and was not printed before. */
function tellOutages({ classes }: WatchReport, said: Set<string>, until: number, progress: Progress): void {
  for (const one of classes) {
    for (const window of one.windows.filter(({ to }) => Date.parse(to) < until)) tellOutage(one, window, said, progress);
  }
}

function tellOutage(one: WatchedClass, window: WatchedClass['windows'][number], said: Set<string>, progress: Progress): void {
  const key = `${one.name} ${window.from}`;
  if (said.has(key)) return;
  said.add(key);
  progress.pause();
  process.stdout.write(`${outageLine(one, window)}\n`);
}
