import { expect, test } from '@playwright/test';
import binomial from '@stdlib/stats-base-dists-binomial';

import { budgetTest } from '../../fixtures/statistics/index.ts';
import { seeded } from './generator.ts';

/** P(at most `count` of n) by the oracle; 0 for a negative count. */
const atMost = (count: number, n: number, p: number): number => (count < 0 ? 0 : binomial.cdf(count, n, p));

test('Distinguishes, with eight runs, a budget exceeded in 1 of 20 runs from one exceeded in 19 of 20', () => {
  const found = budgetTest();
  expect(found).toMatchObject({ n: 8, keptUpTo: 4, brokenFrom: 6 });
  expect(found.falseAlarm).toBeCloseTo(1 - atMost(5, 8, 0.05), 12);
  expect(found.missed).toBeCloseTo(atMost(4, 8, 0.95), 12);
});

test('Leaves one kept budget in ten thousand undecided at most, where five runs would leave one in 44', () => {
  const undecidedOf = ({ n, keptUpTo }: ReturnType<typeof budgetTest>) => 1 - atMost(keptUpTo, n, 0.05);
  expect(undecidedOf(budgetTest())).toBeLessThan(1e-4);
  expect(undecidedOf(budgetTest({ undecided: 1 }))).toBeCloseTo(0.0226, 4);
});

test("Has the oracle's error rates, and the smallest possible number of runs", () => {
  for (const claim of [
    { kept: 0.1, broken: 0.9, alpha: 1e-6, beta: 1e-3 },
    { kept: 0.05, broken: 0.95, alpha: 1e-6, beta: 1e-3 },
    { kept: 0.2, broken: 0.7, alpha: 1e-3, beta: 1e-2 },
    { kept: 0.3, broken: 0.9, alpha: 1e-4, beta: 1e-4 },
  ]) {
    const { kept, broken, alpha, beta } = claim;
    const { n, keptUpTo, brokenFrom, falseAlarm, missed } = budgetTest({ ...claim, undecided: 1 });
    expect(falseAlarm).toBeCloseTo(1 - atMost(brokenFrom - 1, n, kept), 12);
    expect(missed).toBeCloseTo(atMost(keptUpTo, n, broken), 12);
    expect(falseAlarm).toBeLessThanOrEqual(alpha * (1 + 1e-9));
    expect(missed).toBeLessThanOrEqual(beta);
    expect(keptUpTo).toBeLessThan(brokenFrom);
    // With one run fewer, not even the extreme counts would decide both ways.
    expect(kept ** (n - 1) > alpha || (1 - broken) ** (n - 1) > beta).toBe(true);
  }
});

test('Raises no alarm for a kept budget in a simulation, and does not accept a broken one', () => {
  const random = seeded(41);
  const { n, keptUpTo, brokenFrom } = budgetTest();
  const over = (rate: number): number => Array.from({ length: n }, random).filter((drawn) => drawn < rate).length;
  const tally = (rate: number) => {
    const counts = Array.from({ length: 20_000 }, () => over(rate));
    return { kept: counts.filter((count) => count <= keptUpTo).length, broken: counts.filter((count) => count >= brokenFrom).length };
  };
  expect(tally(0.05).broken).toBe(0);
  // 4e-4 of 20,000 is 8.
  expect(tally(0.95).kept).toBeLessThan(24);
  expect(tally(0.01).kept).toBeGreaterThan(19_900);
  expect(tally(0.995).broken).toBeGreaterThan(19_000);
});

test('Rejects rates that cannot be distinguished, with an explanation', () => {
  for (const claim of [{ kept: 0 }, { kept: 0.5, broken: 0.5 }, { broken: 1 }, { alpha: 0 }, { undecided: 0 }]) {
    expect(() => budgetTest(claim)).toThrow(expect.objectContaining({ code: 'STATISTICS_CLAIM' }));
  }
});
