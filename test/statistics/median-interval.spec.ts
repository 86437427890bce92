import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import binomial from '@stdlib/stats-base-dists-binomial';
import * as fc from 'fast-check';

import { medianInterval } from '../../fixtures/statistics/index.ts';
import { seeded } from './generator.ts';

test('Takes the middle value, or the mean of the two in the middle', () => {
  expect(medianInterval([3, 1, 2]).median).toBe(2);
  expect(medianInterval([4, 1, 3, 2]).median).toBe(2.5);
  expect(medianInterval([7]).median).toBe(7);
  expect(() => medianInterval([])).toThrow(RangeError);
});

test('Returns an interval from the least to the greatest of six values, at 96.9 %', () => {
  const { interval, confidence } = medianInterval([5, 1, 6, 2, 4, 3]);
  expect(interval).toEqual([1, 6]);
  expect(confidence).toBeCloseTo(1 - 2 / 64, 12);
});

test('Returns the narrowest pair of ranks that the oracle allows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.constantFrom(0.2, 0.05, 0.001), (n, alpha) => {
      const { interval, confidence } = medianInterval(
        Array.from({ length: n }, (_, index) => index + 1),
        alpha,
      );
      const [low, high] = interval;
      assert.equal(low + high, n + 1);
      assert.ok(Math.abs(confidence - (1 - 2 * binomial.cdf(low - 1, n, 0.5))) < 0.5e-10);
      if (low > 1) assert.ok(binomial.cdf(low - 1, n, 0.5) <= alpha / 2);
      if (low + 1 <= n - low) assert.ok(binomial.cdf(low, n, 0.5) > alpha / 2);
    }),
  );
});

test('Covers the median of a long-tailed distribution as often as stated with six values', () => {
  const random = seeded(7);
  const medianOfTail = Math.LN2;
  const covers = Array.from({ length: 20_000 }, () => {
    const [low, high] = medianInterval(Array.from({ length: 6 }, () => -Math.log(1 - random()))).interval;
    return low <= medianOfTail && medianOfTail <= high;
  }).filter(Boolean).length;
  expect(covers / 20_000).toBeGreaterThan(0.964);
  expect(covers / 20_000).toBeLessThan(0.974);
});
