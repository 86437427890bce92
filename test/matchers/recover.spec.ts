import { expect, test } from '@playwright/test';

import { between, firstFailure, sentBeforeAnswer } from '../../fixtures/evidence/between.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, STARTED_AT, times, type Step } from './histories.ts';

const { toRecover } = matchers;
const AT = STARTED_AT + 1_000;
/** A second of successes, then failures for the given time, then two seconds of successes. */
const outage = (ms: number): Step[] => [...times(100, answered('v1')), ...times(ms / 10, ENVOY.timeOut), ...times(200, answered('v1'))];

test('Accepts requests that succeed again in time, and reports the time', () => {
  const judged = toRecover(historyOf(outage(300)), { from: AT, withinMs: 300 });
  expect(judged).toMatchObject({ pass: true, statistics: [{ observed: 290, tolerance: 300 }] });
  expect(toRecover(historyOf(times(200, answered('v1'))), { from: AT, withinMs: 0 })).toMatchObject({ pass: true });
});

test('Rejects a failure after that time, by its ending, but not one before', () => {
  const judged = toRecover(historyOf(outage(310)), { from: AT, withinMs: 290 });
  expect(judged).toMatchObject({ pass: false, against: [{ kind: 'answered 504 UT', count: 1 }] });
  const early = outage(100).with(50, ENVOY.unreachable);
  expect(toRecover(historyOf(early), { from: AT, withinMs: 100 }).pass).toBe(true);
});

test('Ignores what happens after the end of the judged period', () => {
  const again = [...outage(100), ...times(50, ENVOY.timeOut)];
  expect(toRecover(historyOf(again), { from: AT, withinMs: 200 }).pass).toBe(false);
  expect(toRecover(historyOf(again), { from: AT, to: STARTED_AT + 3_000, withinMs: 200 }).pass).toBe(true);
});

test('Makes no judgement on a history that ends too soon or has gaps', () => {
  const short = [...times(100, answered('v1')), ...times(20, ENVOY.timeOut), ...times(49, answered('v1'))];
  expect(toRecover(historyOf(short), { from: AT, withinMs: 200 }).inconclusive).toContain('49 successes later');
  const { outcomes, ...history } = historyOf(outage(100));
  const gap = {
    ...history,
    outcomes: outcomes.map((one) => (one.dueMs < 1_500 ? one : { ...one, dueMs: one.dueMs + 600, sentMs: one.sentMs + 600 })),
  };
  expect(toRecover(gap, { from: AT, withinMs: 200 }).inconclusive).toContain('no request was due for 610 ms');
});

test('Selects the requests that were due in a period', () => {
  const part = between(historyOf(times(100, answered('v1'))), STARTED_AT + 200, STARTED_AT + 400);
  expect(part.outcomes.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, at) => `r-${20 + at}`));
  expect(part.order.count).toBe(20);
});

test('Finds when the first failure was due, or Infinity', () => {
  const seen = historyOf(outage(100).with(50, ENVOY.unreachable));
  expect([0, STARTED_AT + 501, AT + 100].map((from) => firstFailure(seen, from))).toEqual([STARTED_AT + 500, AT, Infinity]);
});

test('Counts requests sent before the nth response had arrived, or all of them with fewer responses', () => {
  const times = [
    [0, 5],
    [10, 15],
    [20, 120],
    [60, 70],
    [110, 130],
    [125, 140],
  ] as const;
  const { outcomes } = historyOf(times.map(([sentMs, answeredMs]) => ({ ending: answered(), sentMs, dueMs: sentMs, answeredMs })));
  // The third response arrived at 70 ms.
  expect(sentBeforeAnswer(outcomes, 3)).toBe(4);
  expect(sentBeforeAnswer(outcomes.slice(0, 2), 3)).toBe(2);
});
