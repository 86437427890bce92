import type { LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { timelinesOf } from '../../fixtures/check/timelines.ts';
import { Course } from '../../fixtures/evidence/course.ts';
import { type Judgement, matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, ENVOY, historyOf, STARTED_AT, type Step } from '../matchers/histories.ts';

/** Numbers between 0 and 1 without a visible pattern, the same in each run. */
function scattered(index: number): number {
  const value = Math.sin(index * 12.9898 + 4.1414) * 43_758.5453;
  return value - Math.floor(value);
}

/** Requests of which the given share goes to v2. */
export function split(share: number): Judgement<string> {
  const steps = Array.from({ length: 15_500 }, (_, index) => answered(scattered(index) < share ? 'v2' : 'v1'));
  return matchers.toSplit(historyOf(steps), { v1: 90, v2: 10 }, { tolerance: 0.02 });
}

/**
 * v2 fails until it is ejected, or for a while, and fails again soon after its return: with a breaker it is ejected for 1 s, then for 2 s.
 */
export function ejection(hasBreaker: boolean): Judgement<string> {
  const steps: Step[] = [];
  const ledger: LedgerEntry[] = [];
  const outs: { from: number; to: number }[] = [];
  const relapses = [700, 2_600];
  let failed = 0;
  for (let index = 0; index < 900; index++) {
    const dueMs = (index * 1_000) / 150;
    const since = relapses.findLast((at) => at <= dueMs) ?? Infinity;
    const isOut = outs.some(({ from, to }) => dueMs >= from && dueMs < to);
    const turn = ['v1', 'v2', 'v3'][index % 3] ?? 'v1';
    const version = isOut && turn === 'v2' ? (index % 2 === 0 ? 'v1' : 'v3') : turn;
    const isFaulty = hasBreaker ? outs.every(({ to }) => to < since) : dueMs < since + 900;
    const fails = version === 'v2' && isFaulty && dueMs >= since;
    ledger.push(delivery(`r-${index}`, { at: STARTED_AT + dueMs + 2 + 6 * scattered(index), pod: `server-${version}`, version }));
    steps.push({ ending: answered(version, { status: fails ? 500 : 200 }), dueMs });
    if (!fails || !hasBreaker || ++failed % 5 !== 0) continue;
    outs.push({ from: dueMs, to: dueMs + 1_050 * (outs.length + 1) });
  }
  const history = historyOf(steps, { rate: 150 });
  return matchers.toEjectAndReadmit(history, { endpoint: 'server-v2', ledger, failures: 5, baseEjectionMs: 1_000, intervalMs: 1_000 });
}

/** Requests that are or are not ended by a timeout of 2 s. */
export function times(hasTimeout: boolean): Judgement<string> {
  const took = (index: number): number => (hasTimeout ? 2_000 : 3_000) + 4 + 60 * scattered(index) ** 3;
  const steps = Array.from({ length: 60 }, (_, index) => ({ ending: ENVOY.timeOut, sentMs: 0, answeredMs: took(index) }));
  return matchers.toHaveLatency(historyOf(steps), { atLeastMs: 2_000, atMostMs: 2_350 });
}

/** A bucket of 100 tokens that gains one every 600 ms; without a limit all requests pass. */
export function bucket(hasLimit: boolean): Judgement<string> {
  let passed = 0;
  const refusal = { ...ENVOY.limited, headers: { server: 'envoy' } };
  const steps = Array.from({ length: 390 }, (_, index): Step => {
    const dueMs = index * 10;
    const isAllowed = !hasLimit || passed < 100 + Math.floor(dueMs / 600);
    if (isAllowed) passed++;
    return { ending: isAllowed ? answered('v1') : refusal, dueMs };
  });
  return matchers.toBeRateLimited(historyOf(steps, { rate: 100 }), { tokens: 100, tokenMs: 600 });
}

/** An endpoint is cut off for three seconds; with outlier detection it is ejected after half a second, and used again when it is back. */
export function timeline(isEjected: boolean): Judgement<string> {
  const steps = Array.from({ length: 1_200 }, (_, index): Step => {
    const dueMs = index * 10;
    const turn = ['v1', 'v2', 'v3'][index % 3] ?? 'v1';
    const isOut = isEjected && dueMs >= 1_500 && dueMs < 7_200;
    const version = isOut && turn === 'v2' ? (index % 2 === 0 ? 'v1' : 'v3') : turn;
    const isCut = version === 'v2' && dueMs >= 1_000 && dueMs < 4_000;
    return { ending: isCut ? ENVOY.unreachable : answered(version), dueMs };
  });
  const history = historyOf(steps, { rate: 100 });
  const from = STARTED_AT + 1_000;
  const judged = matchers.toRecover(history, { from, to: STARTED_AT + 4_000, withinMs: 2_000 });
  const course = new Course();
  course.loads.push({ name: 'from caller to server', history });
  course.faults.push({
    name: 'drop in the network of server-v2, towards caller',
    injected: from - 150,
    effective: from + 250,
    reverting: STARTED_AT + 3_900,
    ended: STARTED_AT + 4_200,
  });
  course.bounds.push(...(judged.bounds ?? []));
  return { ...judged, pictures: timelinesOf(course) };
}

/** Every kind of picture, of a mesh that keeps its promise and of one that breaks it: judgements by picture name. */
export const SAMPLE_PICTURES: Readonly<Record<string, () => Judgement<string>>> = {
  'split-kept': () => split(0.1),
  'split-broken': () => split(0.2),
  'ejection-kept': () => ejection(true),
  'ejection-broken': () => ejection(false),
  'times-kept': () => times(true),
  'times-broken': () => times(false),
  'bucket-kept': () => bucket(true),
  'bucket-broken': () => bucket(false),
  'timeline-kept': () => timeline(true),
  'timeline-broken': () => timeline(false),
};
