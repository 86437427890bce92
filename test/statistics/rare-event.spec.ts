import { expect, test } from '@playwright/test';

import { lowerTail, rareEventTest, sizeToSee, upperTail } from '../../fixtures/statistics/index.ts';

test('Distinguishes a rate of 0.1 % from never and from 1 %', () => {
  const rare = rareEventTest({ rate: 0.001, tooMuch: 0.01 });
  expect(rare.n).toBeLessThan(14_500);
  // Recomputed here from the tails: none or too many at the promised rate, and few enough at the wrong rate.
  expect(lowerTail(0, rare.n, 0.001) + upperTail(rare.atMost + 1, rare.n, 0.001)).toBeLessThanOrEqual(1e-6);
  expect(rare.falseAlarm).toBeLessThanOrEqual(1e-6);
  expect(lowerTail(rare.atMost, rare.n, 0.01)).toBeLessThanOrEqual(1e-3);
  expect(rare.missed).toBeLessThanOrEqual(1e-3);
});

/** Whether some limit on the count keeps alpha 0.01 at a rate of 0.01 and beta 0.02 at 0.05. */
function fits(n: number): boolean {
  const limits = Array.from({ length: n }, (_, i) => i + 1);
  return limits.some((limit) => lowerTail(0, n, 0.01) + upperTail(limit + 1, n, 0.01) <= 0.01 && lowerTail(limit, n, 0.05) <= 0.02);
}

test('Has the smallest possible size', () => {
  const { n } = rareEventTest({ rate: 0.01, tooMuch: 0.05, alpha: 0.01, beta: 0.02 });
  expect(fits(n)).toBe(true);
  for (let size = n - 30; size < n; size++) expect(fits(size)).toBe(false);
});

test('Needs more requests for closer rates', () => {
  expect(rareEventTest({ rate: 0.001, tooMuch: 0.002 }).n).toBeGreaterThan(rareEventTest({ rate: 0.001, tooMuch: 0.01 }).n);
});

test('Rejects rates that cannot be distinguished, with an explanation', () => {
  for (const [rate, tooMuch] of [
    [0, 0.1],
    [0.1, 0.1],
    [0.1, 1.5],
  ] as const) {
    expect(() => rareEventTest({ rate, tooMuch })).toThrow(expect.objectContaining({ code: 'STATISTICS_CLAIM' }));
  }
});

test('Sends enough requests to see an event once', () => {
  for (const rate of [0.001, 0.1, 0.5]) {
    expect((1 - rate) ** sizeToSee(rate)).toBeLessThanOrEqual(1e-3);
    expect((1 - rate) ** (sizeToSee(rate) - 1)).toBeGreaterThan(1e-3);
  }
  expect(sizeToSee(1)).toBe(1);
});
