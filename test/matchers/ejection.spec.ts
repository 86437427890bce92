import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { History, LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { ejectionsOf, matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, ENVOY, historyOf, STARTED_AT, type Step } from './histories.ts';

const { toShowEjection } = matchers;

interface Breaker {
  /** Failures until the first ejection and until the next ones. */
  failures?: readonly number[];
  /** How long each ejection lasts. */
  outMs?: readonly number[];
  durationMs?: number;
  rate?: number;
}

/** A service of three endpoints of which the third always fails, behind a breaker that counts and ejects. */
function timeline({ failures = [5, 31], outMs = [5_200, 10_100], durationMs = 25_000, rate = 100 }: Breaker = {}): {
  history: History;
  ledger: LedgerEntry[];
} {
  const steps: Step[] = [];
  const ledger: LedgerEntry[] = [];
  let ejections = 0;
  let failed = 0;
  let turn = 0;
  let outUntil = -1;
  for (let dueMs = 0; dueMs < durationMs; dueMs += 1_000 / rate) {
    const pods = dueMs < outUntil ? ['v1', 'v2'] : ['v1', 'v2', 'v3'];
    const version = pods[turn++ % pods.length] ?? 'v1';
    const id = `r-${steps.length}`;
    ledger.push(delivery(id, { at: STARTED_AT + dueMs + 1, pod: `server-${version}`, version }));
    steps.push({ ending: answered(version, { status: version === 'v3' ? 500 : 200 }), dueMs });
    if (version !== 'v3') continue;
    failed++;
    if (failed < (failures[ejections] ?? Infinity)) continue;
    outUntil = dueMs + (outMs[ejections] ?? 0);
    ejections++;
    failed = 0;
  }
  return { history: historyOf(steps, { rate }), ledger };
}

const options = { endpoint: 'server-v3', failures: 5, baseEjectionMs: 5_000 };
const judge = ({ history, ledger }: { history: History; ledger: LedgerEntry[] }, more = {}) =>
  toShowEjection(history, { ...options, ledger, ...more });

test('ejected after five failures, back after the base time, out for longer the second time', () => {
  const judged = judge(timeline());
  expect(judged).toMatchObject({ pass: true });
  expect(judged.message).toMatch(
    /5 delivered, at \d+ ms out for 52\d\d ms; 31 delivered, at \d+ ms out for 10\d\d\d ms; \d+ delivered in all/,
  );
});

test('a second ejection that is still under way counts when it has lasted long enough', () => {
  expect(judge(timeline({ durationMs: 17_000 })).pass).toBe(true);
  expect(judge(timeline({ durationMs: 12_500 })).inconclusive).toContain('into the second ejection');
});

test('each broken promise is named', () => {
  const broken: [Breaker, string][] = [
    [{ failures: [] }, 'never ejected, the longest pause was 30 ms'],
    [{ failures: [9, 31] }, 'ejected after 9 failures'],
    [{ failures: [3, 31] }, 'ejected after 3 failures'],
    [{ outMs: [2_000, 10_000] }, 'delivered in all'],
    [{ outMs: [9_000, 18_000], durationMs: 40_000 }, 'first ejection of 90'],
    [{ outMs: [30_000], durationMs: 25_000 }, 'first ejection of more than'],
    [{ outMs: [5_200, 5_200] }, 'second ejection of 60'],
    [{ outMs: [5_000, 6_400] }, 'second ejection of 7'],
    [{ failures: [5] }, 'not ejected a second time by'],
  ];
  for (const [breaker, words] of broken) {
    const judged = judge(timeline(breaker));
    expect(judged.pass, words).toBe(false);
    expect(judged.inconclusive, words).toBeUndefined();
    expect(judged.message).toContain(words);
  }
});

test('the others must carry everything meanwhile', () => {
  const { history, ledger } = timeline();
  const during = history.outcomes.findIndex(({ sentMs }) => sentMs > 2_000);
  const outcomes = history.outcomes.with(during, { ...history.outcomes[during]!, ending: ENVOY.unhealthy });
  const judged = judge({ history: { ...history, outcomes }, ledger });
  expect(judged.pass).toBe(false);
  expect(judged.message).toMatch(/while it was out, 1 of \d+ were not answered by the others: 1× 503 UH/);
});

test('a failure that a retry hides from the caller is still counted', () => {
  const { history, ledger } = timeline();
  const outcomes = history.outcomes.map((outcome) => ({ ...outcome, ending: answered('v1') }));
  expect(judge({ history: { ...history, outcomes }, ledger }).pass).toBe(true);
});

test('requests of others do not blur the picture, the time to react may be allowed for', () => {
  const { history, ledger } = timeline();
  const strangers = Array.from({ length: 50 }, (_, i) => delivery(`x-${i}`, { at: STARTED_AT + 100 * i, pod: 'server-v3' }));
  expect(judge({ history, ledger: [...ledger, ...strangers] }).pass).toBe(true);
  expect(judge(timeline({ failures: [6, 31] })).pass).toBe(true);
  expect(judge(timeline({ failures: [6, 31] }), { reactionMs: 10 }).pass).toBe(false);
});

test('what is too short or too thin decides nothing', () => {
  expect(judge(timeline({ durationMs: 4_000 })).inconclusive).toContain('into what may be the first ejection');
  expect(judge(timeline({ durationMs: 6_000 })).inconclusive).toContain('fewer than 100 deliveries since');
  expect(judge(timeline({ rate: 5 })).inconclusive).toContain('deliveries to each endpoint in the base time');
  expect(judge(timeline(), { endpoint: 'server-v9' }).inconclusive).toContain('server-v9 was given 0 requests');
});

test('pauses are found wherever they are, and partition the deliveries', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 3_000 }),
      (gaps, atLeast) => {
        let at = STARTED_AT;
        const ledger = [delivery('first', { at }), ...gaps.map((gap, i) => delivery(`${i}`, { at: (at += gap) }))];
        const found = ejectionsOf(ledger.toReversed(), { from: STARTED_AT, to: at }, atLeast);
        const long = gaps.filter((gap) => gap >= atLeast);
        expect(found.map(({ ms }) => ms)).toEqual(long);
        expect(found.every(({ readmitted, from, to, ms }) => readmitted && to - from === ms)).toBe(true);
        expect(found.reduce((sum, { deliveriesBefore }) => sum + deliveriesBefore, 0)).toBeLessThan(ledger.length);
      },
    ),
  );
});

test('the end of the window ends a pause without a return', () => {
  const ledger = [delivery('a', { at: 1_000 }), delivery('b', { at: 9_000 })];
  expect(ejectionsOf(ledger, { from: 0, to: 8_000 }, 5_000)).toEqual([
    { from: 1_000, to: 8_000, readmitted: false, ms: 7_000, deliveriesBefore: 1 },
  ]);
  expect(ejectionsOf([], { from: 0, to: 8_000 }, 5_000)).toEqual([]);
});
