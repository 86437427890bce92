import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { rareEventTest } from '../../fixtures/statistics/index.ts';
import { answered, historyOf, times } from './histories.ts';

const { toBeRare } = matchers;
const claim = { rate: 0.01, tooMuch: 0.1 };
const { n, atMost } = rareEventTest(claim);

/** A history of n requests, so many of them slow, at the end. */
const withSlow = (slow: number, more = 0) =>
  historyOf([
    ...times(n - slow, answered()),
    ...times(slow + more, answered()).map((ending) => ({ ending, sentMs: 0, answeredMs: 2_000 })),
  ]);
const judged = (slow: number, more = 0) =>
  toBeRare(withSlow(slow, more), { what: 'slow', when: ({ sentMs, answeredMs }) => answeredMs - sentMs >= 2_000, ...claim });

test('a rare event is seen, but not more often than its bound', () => {
  expect(judged(1).pass).toBe(true);
  expect(judged(atMost).pass).toBe(true);
  expect(judged(0).pass).toBe(false);
  expect(judged(atMost + 1).pass).toBe(false);
  expect(judged(2).statistics).toMatchObject([{ name: 'slow', n, observed: 2 / n, expected: 0.01, method: 'exact' }]);
});

test('the size is fixed: more requests are not looked at, fewer say nothing', () => {
  expect(judged(atMost, 50).pass).toBe(true);
  const short = toBeRare(historyOf(times(n - 1, answered())), { what: 'slow', when: () => false, ...claim });
  expect(short.inconclusive).toContain(`${n} needed`);
});

test("where the machine stood still, neither few nor many are the mesh's doing", () => {
  const plain = historyOf(times(50, answered()));
  const late = historyOf([...times(50, answered()), { ending: answered(), dueMs: 500, sentMs: 500, answeredMs: 1_500 }]);
  const slow = { what: 'slow', ...claim, when: ({ answeredMs, sentMs }: (typeof plain.outcomes)[number]) => answeredMs - sentMs >= 2_000 };
  const beside = { history: late, lateMs: 950 };
  for (const count of [2, atMost + 1]) {
    expect(toBeRare(withSlow(count), { ...slow, beside }).inconclusive).toContain('1 of 51 requests sent at the same time');
    expect(toBeRare(withSlow(count), { ...slow, beside: { ...beside, history: plain } })).toMatchObject({ pass: count === 2 });
  }
  // None beside says nothing about the machine.
  expect(toBeRare(withSlow(2), { ...slow, beside: { ...beside, history: historyOf([]) } }).inconclusive).toContain('too few outcomes');
});
