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
