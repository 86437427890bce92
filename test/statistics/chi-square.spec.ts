import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import chisquare from '@stdlib/stats-base-dists-chisquare';
import * as fc from 'fast-check';

import { upperGamma } from '../../fixtures/statistics/gamma.ts';
import { chiSquare } from '../../fixtures/statistics/index.ts';

test('Equals the oracle in the tail of the distribution', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 400, noNaN: true }), (degrees, x) => {
      assert.ok(Math.abs(upperGamma(degrees / 2, x / 2) - (1 - chisquare.cdf(x, degrees))) <= 1e-12);
    }),
  );
});

test('Keeps the precision of a far tail', () => {
  // With two degrees of freedom the tail is exp(-x/2).
  expect(upperGamma(1, 60) / Math.exp(-60)).toBeCloseTo(1, 12);
});

test('Returns a small statistic for a fair distribution, and detects an unfair one', () => {
  const fair = chiSquare([100, 98, 102], [1, 1, 1]);
  expect(fair).toMatchObject({ degreesOfFreedom: 2, smallestExpected: 100 });
  expect(fair.statistic).toBeCloseTo(0.08, 12);
  expect(fair.pValue).toBeCloseTo(Math.exp(-0.04), 12);
  expect(chiSquare([180, 60, 60], [1, 1, 1]).pValue).toBeLessThan(1e-6);
  expect(chiSquare([180, 60, 60], [3, 1, 1]).pValue).toBe(1);
});

test('Rejects weights that are not shares', () => {
  expect(() => chiSquare([1, 2], [1])).toThrow(RangeError);
  expect(() => chiSquare([1, 2], [1, 0])).toThrow(RangeError);
  expect(() => chiSquare([1], [1])).toThrow(RangeError);
});
