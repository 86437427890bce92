import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import binomial from '@stdlib/stats-base-dists-binomial';
import * as fc from 'fast-check';

import { logLowerTail, logPmf, logUpperTail, lowerTail, pmf, upperTail } from '../../fixtures/statistics/index.ts';

/** Relatively close, or both too small for a double. */
function expectClose(actual: number, oracle: number, relative: number): void {
  if (Math.abs(actual - oracle) <= 1e-300) return;
  expect(Math.abs(actual - oracle) / Math.abs(oracle)).toBeLessThanOrEqual(relative);
}

const samples = fc.tuple(
  fc.integer({ min: 1, max: 3_000 }),
  fc.double({ min: 0.001, max: 0.999, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

test('Equals the oracle in the probability of a count', () => {
  fc.assert(
    fc.property(samples, ([n, p, where]) => {
      const k = Math.round(where * n);
      // The oracle's own logarithms lose precision as n grows.
      assert.ok(Math.abs(logPmf(k, n, p) - binomial.logpmf(k, n, p)) <= 1e-9 * Math.max(1, Math.abs(logPmf(k, n, p))));
    }),
  );
});

test("Equals the oracle in both tails, within the oracle's precision", () => {
  fc.assert(
    fc.property(samples, ([n, p, where]) => {
      const k = Math.round(where * n);
      expectClose(lowerTail(k, n, p), binomial.cdf(k, n, p), 1e-9);
      // The oracle has only the lower tail; the upper one is its mirror image.
      expectClose(upperTail(k, n, p), binomial.cdf(n - k, n, 1 - p), 1e-9);
    }),
  );
});

test('Keeps the precision of tails for which 1 - P has lost all of it', () => {
  // P(X ≥ 40) for 40 of 40 at 0.1 is 0.1^40; one success fewer is 40 · 0.9 · 0.1^39 more.
  expectClose(upperTail(40, 40, 0.1), 1e-40, 1e-12);
  expectClose(upperTail(39, 40, 0.1), 1e-40 + 36e-39, 1e-12);
  expect(logUpperTail(2_735, 2_735, 1e-9)).toBeCloseTo(2_735 * Math.log(1e-9), 6);
  expect(logLowerTail(0, 1_000_000, 0.5)).toBeCloseTo(-1_000_000 * Math.LN2, 3);
});

test('Satisfies the identities of the tails of adjacent counts', () => {
  fc.assert(
    fc.property(samples, ([n, p, where]) => {
      const k = Math.round(where * n);
      assert.ok(Math.abs(lowerTail(k, n, p) + upperTail(k + 1, n, p) - 1) < 0.5e-12);
      assert.ok(Math.abs(lowerTail(k, n, p) - lowerTail(k - 1, n, p) - pmf(k, n, p)) < 0.5e-12);
    }),
  );
});

test('Is exact for certain and impossible events', () => {
  expect([pmf(0, 5, 0), pmf(1, 5, 0), pmf(5, 5, 1), pmf(4, 5, 1)]).toEqual([1, 0, 1, 0]);
  expect([lowerTail(-1, 5, 0.3), lowerTail(5, 5, 0.3), upperTail(0, 5, 0.3), upperTail(6, 5, 0.3)]).toEqual([0, 1, 1, 0]);
  expect([lowerTail(4, 5, 1), upperTail(1, 5, 0), lowerTail(0, 5, 0), upperTail(5, 5, 1)]).toEqual([0, 0, 1, 1]);
  expect([pmf(-1, 5, 0.3), pmf(6, 5, 0.3)]).toEqual([0, 0]);
});
