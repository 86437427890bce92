import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { History, LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { isSuccess } from '../../fixtures/evidence/endings.ts';
import { ejectionsOf, matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, ENVOY, historyOf, STARTED_AT, type Step } from './histories.ts';

const { toEjectAndReadmit } = matchers;

interface Breaker {
  /** Number of failures until the first ejection and until the second. */
  failures?: readonly number[];
  /** How long each ejection lasts, from the failure that causes it. */
  outMs?: readonly number[];
  durationMs?: number;
  rate?: number;
  /** How long the third endpoint serves after its readmission before it fails again; Infinity: never again. */
  servesMs?: number;
}

/** A Service with three endpoints behind a circuit breaker; the third one fails twice, and recovers while it is ejected. */
function timeline({ failures = [5, 31], outMs = [5_200, 10_100], durationMs = 25_000, rate = 100, servesMs = 1_000 }: Breaker = {}): {
  history: History;
  ledger: LedgerEntry[];
} {
  const steps: Step[] = [];
  const ledger: LedgerEntry[] = [];
  let ejections = 0;
  let failed = 0;
  let turn = 0;
  let outUntil = -1;
  let sickFrom = 500;
  for (let dueMs = 0; dueMs < durationMs; dueMs += 1_000 / rate) {
    const pods = dueMs < outUntil ? ['v1', 'v2'] : ['v1', 'v2', 'v3'];
    const version = pods[turn++ % pods.length] ?? 'v1';
    const id = `r-${steps.length}`;
    const isSick = version === 'v3' && dueMs >= sickFrom;
    ledger.push(delivery(id, { at: STARTED_AT + dueMs + 1, pod: `server-${version}`, version }));
    steps.push({ ending: answered(version, { status: isSick ? 500 : 200 }), dueMs });
    if (!isSick) continue;
    failed++;
    if (failed < (failures[ejections] ?? Infinity)) continue;
    outUntil = dueMs + (outMs[ejections] ?? 0);
    sickFrom = ejections === 0 ? outUntil + servesMs : Infinity;
    ejections++;
    failed = 0;
  }
  return { history: historyOf(steps, { rate }), ledger };
}

const options = { endpoint: 'server-v3', failures: 5, baseEjectionMs: 5_000, intervalMs: 2_000 };
const judge = ({ history, ledger }: { history: History; ledger: LedgerEntry[] }, more = {}) =>
  toEjectAndReadmit(history, { ...options, ledger, ...more });

test('Accepts two ejections after failures, the second one longer, each followed by a readmission', () => {
  const judged = judge(timeline());
  expect(judged).toMatchObject({ pass: true });
  expect(judged.observed).toMatch(
    /\d+ served and 5 failed, ejected at \d+ ms for 5\d\d\d ms; \d+ served and 31 failed, ejected at \d+ ms for 10\d\d\d ms; \d+ delivered in total, \d+ served after the last ejection/,
  );
});

test('Names each broken promise', () => {
  const broken: [Breaker, string][] = [
    [{ failures: [] }, 'never ejected, the longest gap was 30 ms'],
    [{ failures: [18, 31] }, 'first ejection came after 18 failures'],
    [{ failures: [3, 31] }, 'first ejection came after 3 failures'],
    [{ failures: [5, 3] }, 'second ejection came after 3 failures'],
    [{ failures: [5, 60] }, 'second ejection came after 60 failures'],
    [{ outMs: [2_000, 10_000] }, 'delivered in total'],
    [{ outMs: [9_000, 10_000], durationMs: 40_000 }, 'first ejection lasted 90'],
    [{ outMs: [30_000], durationMs: 25_000 }, 'first ejection lasted more than'],
    [{ outMs: [5_200, 5_200] }, 'second ejection lasted 6'],
    [{ outMs: [5_000, 6_400] }, 'second ejection lasted 7'],
    [{ outMs: [5_000, 15_000], durationMs: 30_000 }, 'second ejection lasted 15'],
    [{ failures: [5] }, 'not ejected a second time after'],
  ];
  for (const [breaker, words] of broken) {
    const judged = judge(timeline(breaker));
    expect(judged.pass, words).toBe(false);
    expect(judged.inconclusive, words).toBeUndefined();
    expect(judged.observed).toContain(words);
  }
});

test('Blames the mesh for failures right after the readmission only if they are not the endpoint’s own', () => {
  const { history, ledger } = timeline({ servesMs: 0 });
  expect(judge({ history, ledger })).toMatchObject({
    pass: false,
    inconclusive: 'it still failed when it was readmitted, because it was told too late',
  });
  const lost = history.outcomes.map((outcome) => (isSuccess(outcome, history.order) ? outcome : { ...outcome, ending: ENVOY.unhealthy }));
  const judged = judge({ history: { ...history, outcomes: lost }, ledger });
  expect(judged).toMatchObject({ pass: false, observed: expect.stringContaining('it served nothing between the ejections') });
  expect(judged.inconclusive).toBeUndefined();
});

/** The timeline with one outcome replaced: the first matching one that was sent after the given time. */
function spoilt(afterMs: number, holds: (outcome: History['outcomes'][number]) => boolean = () => true) {
  const { history, ledger } = timeline();
  const at = history.outcomes.findIndex((outcome) => outcome.sentMs > afterMs && holds(outcome));
  const outcomes = history.outcomes.with(at, { ...history.outcomes[at]!, ending: ENVOY.unhealthy });
  return { history: { ...history, outcomes }, ledger: ledger.filter(({ id }) => id !== history.outcomes[at]!.id) };
}

test('Requires the others to answer everything, during the ejection and before', () => {
  const during = judge(spoilt(2_000));
  expect(during.pass).toBe(false);
  expect(during.observed).toMatch(/during the ejection, 1 of \d+ requests were not answered by the others: 1× 503 UH/);
  const before = judge(spoilt(100));
  expect(before.pass).toBe(false);
  expect(before.observed).toContain('1 failed elsewhere: 1× 503 UH');
});

test('Accepts a long request that the endpoint receives after its readmission', () => {
  const { history, ledger } = timeline();
  // The first request that the endpoint received after its ejection, sent half a second earlier.
  const back = ledger.findIndex(({ pod, at }) => pod === 'server-v3' && at > STARTED_AT + 5_000);
  const outcome = history.outcomes[back]!;
  const sentMs = outcome.sentMs - 500;
  const outcomes = history.outcomes.with(back, { ...outcome, dueMs: sentMs, sentMs });
  expect(judge({ history: { ...history, outcomes }, ledger })).toMatchObject({ pass: true });
});

test('Corrects for clocks of other machines, or makes no judgement', () => {
  const { history, ledger } = timeline();
  const shifted = ledger.map((entry) => (entry.pod === 'server-v3' ? { ...entry, at: entry.at + 60_000 } : entry));
  const ahead = (aheadMs: number, errorMs: number) => ({ clocks: { 'server-v3': { aheadMs, errorMs } } });
  expect(judge({ history, ledger: shifted }).pass).toBe(false);
  expect(judge({ history, ledger: shifted }, ahead(60_000, 20))).toMatchObject({ pass: true });
  expect(judge({ history, ledger: shifted }, ahead(59_950, 60))).toMatchObject({ pass: true });
  expect(judge({ history, ledger: shifted }, ahead(60_000, 1_300)).inconclusive).toContain('known to 1300 ms only');
});

test('Counts a failure that a retry hides from the caller', () => {
  const { history, ledger } = timeline();
  const hidden = history.outcomes.map((outcome) => (isSuccess(outcome, history.order) ? outcome : { ...outcome, ending: answered('v1') }));
  expect(judge({ history: { ...history, outcomes: hidden }, ledger }).pass).toBe(true);
});

test('Ignores other requests, and allows for a reaction time', () => {
  const { history, ledger } = timeline();
  const strangers = Array.from({ length: 50 }, (_, i) => delivery(`x-${i}`, { at: STARTED_AT + 100 * i, pod: 'server-v3' }));
  expect(judge({ history, ledger: [...ledger, ...strangers] }).pass).toBe(true);
  expect(judge(timeline({ failures: [6, 31] })).pass).toBe(true);
  expect(judge(timeline({ failures: [6, 31] }), { reactionMs: 10 }).pass).toBe(false);
});

test('Makes no judgement on what is too short, too sparse or too late', () => {
  expect(judge(timeline({ durationMs: 4_000 })).inconclusive).toContain('into what may be the first ejection');
  expect(judge(timeline({ durationMs: 6_000 })).inconclusive).toContain('not enough failures since');
  expect(judge(timeline({ durationMs: 12_500 })).inconclusive).toContain('into the second ejection');
  expect(judge(timeline({ rate: 5 })).inconclusive).toContain('deliveries per endpoint in the base time');
  expect(judge(timeline(), { endpoint: 'server-v9' }).inconclusive).toContain('server-v9 received 0 requests');
  expect(judge(timeline({ servesMs: 3_000, outMs: [5_200, 5_200] })).inconclusive).toContain('ms the proxy lowers its back-off');
  const { history, ledger } = timeline();
  const silent = history.outcomes.filter(({ sentMs }) => sentMs < 1_000 || sentMs > 4_000);
  expect(judge({ history: { ...history, outcomes: silent }, ledger }).inconclusive).toContain('the prober sent nothing for');
});

test('Finds all pauses, which partition the deliveries', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 3_000 }),
      (gaps, atLeast) => {
        let at = STARTED_AT;
        const ledger = [delivery('first', { at }), ...gaps.map((gap, i) => delivery(`${i}`, { at: (at += gap) }))];
        const found = ejectionsOf(ledger.toReversed(), { from: STARTED_AT, to: at }, atLeast);
        const long = gaps.filter((gap) => gap >= atLeast);
        assert.deepEqual(
          found.map(({ ms }) => ms),
          long,
        );
        assert.equal(
          found.every(({ readmitted, from, to, ms }) => readmitted && to - from === ms),
          true,
        );
        assert.ok(found.reduce((sum, { deliveriesBefore }) => sum + deliveriesBefore, 0) < ledger.length);
      },
    ),
  );
});

test('Ends a pause at the end of the window without a readmission', () => {
  const ledger = [delivery('a', { at: 1_000 }), delivery('b', { at: 9_000 })];
  expect(ejectionsOf(ledger, { from: 0, to: 8_000 }, 5_000)).toEqual([
    { from: 1_000, to: 8_000, readmitted: false, ms: 7_000, deliveriesBefore: 1 },
  ]);
  expect(ejectionsOf([], { from: 0, to: 8_000 }, 5_000)).toEqual([]);
});
