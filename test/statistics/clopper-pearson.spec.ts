import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import beta from '@stdlib/stats-base-dists-beta';
import * as fc from 'fast-check';

import { incompleteBeta } from '../../fixtures/statistics/beta.ts';
import { clopperPearson, lowerTail, upperTail } from '../../fixtures/statistics/index.ts';

const parameters = fc.double({ min: 0.5, max: 2_000, noNaN: true });
const counts = fc.integer({ min: 1, max: 3_000 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));
const alphas = fc.constantFrom(1e-6, 1e-3, 0.05, 0.3);

test('Equals the oracle in the incomplete beta function', () => {
  fc.assert(
    fc.property(parameters, parameters, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, x) => {
      const oracle = beta.cdf(x, a, b);
      assert.ok(Math.abs(incompleteBeta(x, a, b) - oracle) <= 1e-10);
    }),
  );
});

test('Equals the oracle in the limits of an interval', () => {
  fc.assert(
    fc.property(counts, alphas, ([k, n], alpha) => {
      const [low, high] = clopperPearson(k, n, alpha);
      assert.ok(Math.abs(low - (k === 0 ? 0 : beta.quantile(alpha / 2, k, n - k + 1))) < 0.5e-8);
      assert.ok(Math.abs(high - (k === n ? 1 : beta.quantile(1 - alpha / 2, k + 1, n - k))) < 0.5e-8);
    }),
  );
});

test('Gives the observation probability alpha/2 at each limit', () => {
  fc.assert(
    fc.property(counts, alphas, ([k, n], alpha) => {
      const [low, high] = clopperPearson(k, n, alpha);
      if (k > 0) assert.ok(Math.abs(upperTail(k, n, low) / (alpha / 2) - 1) < 0.5e-6);
      if (k < n) assert.ok(Math.abs(lowerTail(k, n, high) / (alpha / 2) - 1) < 0.5e-6);
      assert.ok(low <= k / n);
      assert.ok(high >= k / n);
    }),
  );
});

test('Covers the true share at least as often as stated', () => {
  for (const [n, p] of [
    [30, 0.1],
    [200, 0.02],
    [500, 0.9],
  ] as const) {
    let missed = 0;
    for (let k = 0; k <= n; k++) {
      const [low, high] = clopperPearson(k, n, 0.05);
      if (p < low || p > high) missed += upperTail(k, n, p) - upperTail(k + 1, n, p);
    }
    expect(missed).toBeLessThanOrEqual(0.05);
    expect(missed).toBeGreaterThan(0.005);
  }
});

test('Returns the whole range without trials', () => {
  expect(clopperPearson(0, 0, 1e-6)).toEqual([0, 1]);
});
