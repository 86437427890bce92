import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { fixedSplit, splitTest, type SplitClaim } from '../../fixtures/statistics/index.ts';

/** Rounding errors of a few thousand additions. */
const SLACK = 1 + 1e-9;

/** Valid shares that are off by the tolerance or more. */
function wrongShares({ p0, tolerance }: SplitClaim): number[] {
  return [1, 1.2, 2, 4].flatMap((by) => [p0 - by * tolerance, p0 + by * tolerance]).filter((p) => p >= 0 && p <= 1);
}

test('Needs at most 2,735 requests for 90/10 against ±5 points, and keeps both rates', () => {
  for (const p0 of [0.1, 0.9]) {
    const claim = { p0, tolerance: 0.05 };
    const split = splitTest(claim);
    expect(split).toMatchObject({ alpha: 1e-6, beta: 1e-3 });
    expect(split.maxN).toBeLessThanOrEqual(2_735);
    // No two-sided test can do with fewer than 687, or 749 if it must end by 2,735 (dual bounds of the optimal stopping problem).
    expect(split.expectedN).toBeLessThan(800);
    expect(split.characteristic(p0).reject).toBeLessThanOrEqual(1e-6 * SLACK);
    for (const p of wrongShares(claim)) expect(split.characteristic(p).accept).toBeLessThanOrEqual(1e-3 * SLACK);
  }
});

test('Keeps the bounds whether it looks after each request or after each batch', () => {
  const split = splitTest({ p0: 0.1, tolerance: 0.05 });
  for (const every of [1, 10, 50, 100, 500]) {
    expect(split.characteristic(0.1, every).reject).toBeLessThanOrEqual(1e-6 * SLACK);
    expect(split.characteristic(0.15, every).accept).toBeLessThanOrEqual(1e-3 * SLACK);
    expect(split.characteristic(0.05, every).accept).toBeLessThanOrEqual(1e-3 * SLACK);
  }
});

test('Needs hardly more at most than a test of fixed size, and a third of that on average', () => {
  const claim = { p0: 0.1, tolerance: 0.05 };
  expect(fixedSplit(claim).n).toBe(2_728);
  expect(splitTest(claim).maxN).toBeLessThanOrEqual(1.01 * fixedSplit(claim).n);
  expect(splitTest(claim).expectedN).toBeLessThan(fixedSplit(claim).n / 3);
});

const claims = fc.record({
  p0: fc.constantFrom(0, 0.01, 0.1, 0.2, 1 / 3, 0.5, 0.75, 0.9, 0.95, 1),
  tolerance: fc.constantFrom(0.05, 0.1, 0.2, 0.4),
  alpha: fc.constantFrom(1e-6, 1e-3, 0.01, 0.1),
  beta: fc.constantFrom(1e-3, 0.02, 0.2),
});

test('Keeps both rates for any claim, and always ends', () => {
  fc.assert(
    fc.property(claims, (claim) => {
      const split = splitTest(claim);
      const right = split.characteristic(claim.p0);
      assert.ok(right.reject <= claim.alpha * SLACK);
      assert.ok(Math.abs(right.accept + right.reject - 1) < 0.5e-9);
      assert.ok(right.expectedN <= split.maxN * SLACK);
      for (const p of wrongShares(claim)) assert.ok(split.characteristic(p).accept <= claim.beta * SLACK);
    }),
    { numRuns: 60 },
  );
});

test('Treats successes and failures symmetrically', () => {
  fc.assert(
    fc.property(claims, fc.array(fc.boolean(), { maxLength: 400 }), (claim, outcomes) => {
      const split = splitTest(claim);
      const mirrored = splitTest({ ...claim, p0: 1 - claim.p0 });
      assert.equal(mirrored.maxN, split.maxN);
      expect(mirrored.run(outcomes.map((outcome) => !outcome))).toMatchObject({
        decision: split.run(outcomes).decision,
        n: split.run(outcomes).n,
      });
    }),
    { numRuns: 60 },
  );
});

test('Computes the same characteristic as a count over every possible sequence', () => {
  for (const claim of [
    { p0: 0.5, tolerance: 0.3, alpha: 0.2, beta: 0.2 },
    { p0: 0.2, tolerance: 0.4, alpha: 0.1, beta: 0.1 },
  ]) {
    const split = splitTest(claim);
    const p = 0.37;
    let accept = 0;
    let trials = 0;
    for (let bits = 0; bits < 2 ** split.maxN; bits++) {
      const sequence = Array.from({ length: split.maxN }, (_, i) => ((bits >> i) & 1) === 1);
      const successes = sequence.filter(Boolean).length;
      const probability = p ** successes * (1 - p) ** (split.maxN - successes);
      const { decision, n } = split.run(sequence);
      if (decision === 'accept') accept += probability;
      trials += n * probability;
    }
    expect(split.characteristic(p).accept).toBeCloseTo(accept, 12);
    expect(split.characteristic(p).expectedN).toBeCloseTo(trials, 9);
  }
});

test('Returns continue until it decides, and ignores further requests', () => {
  const split = splitTest({ p0: 0.1, tolerance: 0.05 });
  expect(split.next(0, 0)).toBe('continue');
  expect(split.next(10, 100)).toBe('continue');
  expect(split.next(273, 2_729)).toBe('accept');
  expect(split.next(50, 60)).toBe('reject');
  expect(() => split.next(280, 2_800)).toThrow(RangeError);
  expect(split.run([])).toEqual({ decision: 'continue', n: 0, successes: 0 });
});

test('Allows no exception to a share of 0 or 1', () => {
  expect(splitTest({ p0: 0, tolerance: 0.05 }).run([false, false, true])).toEqual({ decision: 'reject', n: 3, successes: 1 });
  expect(splitTest({ p0: 1, tolerance: 0.05 }).run([true, false])).toEqual({ decision: 'reject', n: 2, successes: 1 });
});

test('Rejects an invalid claim with an explanation', () => {
  const wrong: SplitClaim[] = [
    { p0: 1.1, tolerance: 0.05 },
    { p0: 0.5, tolerance: 0 },
    { p0: 0.5, tolerance: 0.6 },
    { p0: 0.5, tolerance: 0.1, alpha: 0 },
    { p0: Number.NaN, tolerance: 0.1 },
  ];
  for (const claim of wrong) expect(() => splitTest(claim)).toThrow(expect.objectContaining({ code: 'STATISTICS_CLAIM' }));
});
