import { expect, test } from '@playwright/test';

import { addedBy, orders, WAYS } from '../../fixtures/evidence/comparison.ts';
import { lagOf, parseReport } from '../../fixtures/load/report.ts';
import { seeded } from '../statistics/generator.ts';
import { comparisonOf, loadOf } from './comparisons.ts';

test('Contains each order of the three paths once in every six blocks, shuffled', () => {
  const [first, second] = [orders(6, seeded(1)), orders(6, seeded(2))].map((blocks) => blocks.map((ways) => ways.join(' ')));
  expect(new Set(first).size).toBe(6);
  expect(first?.toSorted()).toEqual(second?.toSorted());
  expect(first).not.toEqual(second);
  for (const ways of orders(20)) expect(ways.toSorted()).toEqual(WAYS.toSorted());
  expect(orders(20)).toHaveLength(20);
});

test('Subtracts the run without a proxy in the same block', () => {
  const comparison = comparisonOf({ server: { medianMs: 1, p99Ms: 4 }, both: { medianMs: 2, p99Ms: 7 } });
  for (const { medianMs, p99Ms } of addedBy('both', comparison)) {
    expect(medianMs).toBeCloseTo(2);
    expect(p99Ms).toBeCloseTo(7);
  }
  expect(addedBy('server', comparison)[0]).toMatchObject({ memoryMiB: 60 });
  expect(addedBy('both', comparison)[0]).toMatchObject({ memoryMiB: 110 });
});

test('Counts CPU time beyond idling, per 1,000 requests a second', () => {
  // 200 requests, 0.02 s when idle: 0.1 s for 1,000 requests, which is 0.1 cores at 1,000 a second.
  const comparison = comparisonOf({ server: { cpuSeconds: 0.04 }, both: { cpuSeconds: 0.07 } }, { cpuSeconds: 0.02 });
  expect(addedBy('server', comparison)[0]?.coresPerThousand).toBeCloseTo(0.1);
  expect(addedBy('both', comparison)[0]?.coresPerThousand).toBeCloseTo(0.25);
});

test('Detects that a generator dropped requests, or measured too few', () => {
  expect(lagOf(loadOf())).toBeUndefined();
  expect(lagOf(loadOf({ dropped: 1 }))).toBe('the load generator left out 1 of 201 requests');
  expect(lagOf(loadOf({ measured: 110 }))).toBe('the load generator measured 110 requests, 120 needed');
  expect(lagOf(loadOf({ measured: 0, failed: 200 }))).toContain('measured 0 requests');
  expect(lagOf(loadOf({ measured: 110, failed: 10 }))).toBeUndefined();
});

test('Rejects a report that is not JSON', () => {
  expect(() => parseReport('')).toThrow(SyntaxError);
});
