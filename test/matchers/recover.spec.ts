import { expect, test } from '@playwright/test';

import { between, firstFailure, sentBeforeAnswer } from '../../fixtures/evidence/between.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, STARTED_AT, times, type Step } from './histories.ts';

const { toRecover } = matchers;
const AT = STARTED_AT + 1_000;
/** A second of successes, then failures for so many milliseconds, then two seconds of successes. */
const outage = (ms: number): Step[] => [...times(100, answered('v1')), ...times(ms / 10, ENVOY.timeOut), ...times(200, answered('v1'))];

test('requests that succeed again in time have recovered, and the time is told', () => {
  const judged = toRecover(historyOf(outage(300)), { from: AT, withinMs: 300 });
  expect(judged).toMatchObject({ pass: true, statistics: [{ observed: 290, tolerance: 300 }] });
  expect(toRecover(historyOf(times(200, answered('v1'))), { from: AT, withinMs: 0 })).toMatchObject({ pass: true });
});

test('a failure after that time speaks against it, by how it ended; one before does not', () => {
  const judged = toRecover(historyOf(outage(310)), { from: AT, withinMs: 290 });
  expect(judged).toMatchObject({ pass: false, against: [{ kind: 'answered 504 UT', count: 1 }] });
  const early = outage(100).with(50, ENVOY.unreachable);
  expect(toRecover(historyOf(early), { from: AT, withinMs: 100 }).pass).toBe(true);
});

test('what happens after the end of the time that is judged does not count', () => {
  const again = [...outage(100), ...times(50, ENVOY.timeOut)];
  expect(toRecover(historyOf(again), { from: AT, withinMs: 200 }).pass).toBe(false);
  expect(toRecover(historyOf(again), { from: AT, to: STARTED_AT + 3_000, withinMs: 200 }).pass).toBe(true);
});

test('a history that ends too soon, or in which nobody looked, allows no judgement', () => {
  const short = [...times(100, answered('v1')), ...times(20, ENVOY.timeOut), ...times(49, answered('v1'))];
  expect(toRecover(historyOf(short), { from: AT, withinMs: 200 }).inconclusive).toContain('49 successes later');
  const { outcomes, ...history } = historyOf(outage(100));
  const gap = {
    ...history,
    outcomes: outcomes.map((one) => (one.dueMs < 1_500 ? one : { ...one, dueMs: one.dueMs + 600, sentMs: one.sentMs + 600 })),
  };
  expect(toRecover(gap, { from: AT, withinMs: 200 }).inconclusive).toContain('no request was due for 610 ms');
});

test('a part of a history has the requests that were due in it', () => {
  const part = between(historyOf(times(100, answered('v1'))), STARTED_AT + 200, STARTED_AT + 400);
  expect(part.outcomes.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, at) => `r-${20 + at}`));
  expect(part.order.count).toBe(20);
});

test('the first failure from a time on is told by when it was due, and none by Infinity', () => {
  const seen = historyOf(outage(100).with(50, ENVOY.unreachable));
  expect([0, STARTED_AT + 501, AT + 100].map((from) => firstFailure(seen, from))).toEqual([STARTED_AT + 500, AT, Infinity]);
});

test('what was sent before the nth answer had come is counted, and all of it where there are fewer answers', () => {
  const times = [
    [0, 5],
    [10, 15],
    [20, 120],
    [60, 70],
    [110, 130],
    [125, 140],
  ] as const;
  const { outcomes } = historyOf(times.map(([sentMs, answeredMs]) => ({ ending: answered(), sentMs, dueMs: sentMs, answeredMs })));
  // The third answer came at 70.
  expect(sentBeforeAnswer(outcomes, 3)).toBe(4);
  expect(sentBeforeAnswer(outcomes.slice(0, 2), 3)).toBe(2);
});
