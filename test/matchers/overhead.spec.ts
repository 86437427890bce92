import { expect, test } from '@playwright/test';

import type { Comparison } from '../../fixtures/evidence/comparison.ts';
import type { LoadReport } from '../../fixtures/load/report.ts';
import { BLOCKS, matchers } from '../../fixtures/matchers/index.ts';
import { comparisonOf } from '../evidence/comparisons.ts';

const { toStayWithin } = matchers;
const BUDGET = {
  server: { medianMs: 5, p99Ms: 40, coresPerThousand: 0.5, timesServer: 3, memoryMiB: 200 },
  both: { medianMs: 10, p99Ms: 60, coresPerThousand: 1, timesServer: 6, memoryMiB: 400 },
};

/** The comparison with other numbers in the runs of the first blocks. */
function changed(blocks: number, report: Partial<LoadReport>, way = 'both', comparison: Comparison = comparisonOf()): Comparison {
  const alter = (run: Comparison['blocks'][number][number]) => (run.way === way ? { ...run, load: { ...run.load, ...report } } : run);
  return { ...comparison, blocks: comparison.blocks.map((runs, index) => (index < blocks ? runs.map(alter) : runs)) };
}

test('Accepts proxies within the budget, and reports each amount with its interval', () => {
  const cost = { medianMs: 1, p99Ms: 3, cpuSeconds: 0.03 };
  const { pass, statistics = [], inconclusive } = toStayWithin(comparisonOf({ server: cost, both: cost }), BUDGET);
  expect({ pass, inconclusive }).toEqual({ pass: true, inconclusive: undefined });
  expect(statistics.map(({ name, unit }) => [name, unit])).toEqual([
    ["added p50 of the server's proxy", 'ms'],
    ["added p99 of the server's proxy", 'ms'],
    ["CPU per 1,000 requests/s of the server's proxy", 'cores'],
    ["memory of the server's proxy", 'MiB'],
    ['added p50 of both proxies', 'ms'],
    ['added p99 of both proxies', 'ms'],
    ['CPU per 1,000 requests/s of both proxies', 'cores'],
    ['memory of both proxies', 'MiB'],
  ]);
  expect(statistics[4]).toMatchObject({ n: BLOCKS, observed: 1, tolerance: 10, interval: [1, 1] });
});

test('Rejects and names a delay of 20 ms in every block', () => {
  const { pass, observed, inconclusive } = toStayWithin(comparisonOf({ both: { medianMs: 20, p99Ms: 20 } }), BUDGET);
  expect({ pass, inconclusive }).toEqual({ pass: false, inconclusive: undefined });
  expect(observed).toContain('over the budget: added p50 of both proxies;');
});

test('Rejects an excess of each of the four amounts', () => {
  for (const cost of [{ medianMs: 5.1 }, { p99Ms: 41 }, { cpuSeconds: 0.11 }]) {
    expect(toStayWithin(comparisonOf({ server: cost }), BUDGET)).toMatchObject({ pass: false });
    expect(toStayWithin(comparisonOf({ server: cost }), BUDGET).inconclusive).toBeUndefined();
  }
  expect(toStayWithin(comparisonOf(), { ...BUDGET, both: { ...BUDGET.both, memoryMiB: 100 } }).observed).toContain(
    'over the budget: memory of both',
  );
});

test('Allows the proxies more CPU time on a machine on which the sample server needs more as well', () => {
  // Without proxies, the sample server uses this many cores per 1,000 requests/s; the proxies use 1 and 2 more.
  const costs = { server: { cpuSeconds: 0.2 }, both: { cpuSeconds: 0.4 } };
  const on = (cores: number) => toStayWithin(comparisonOf(costs, { serverCpuSeconds: cores * 0.2 }), BUDGET);
  expect(on(0.35)).toMatchObject({ pass: true, observed: expect.stringContaining('the sample server uses 0.35 cores') });
  expect(on(0.3)).toMatchObject({ pass: false, expected: expect.stringContaining('0.9 cores CPU') });
});

test('Attributes up to four slow blocks to other work on the machine, and makes no judgement on five', () => {
  for (const blocks of [1, 4]) {
    const judged = toStayWithin(changed(blocks, { p99Ms: 500 }), BUDGET);
    expect([judged.pass, judged.inconclusive]).toEqual([true, undefined]);
  }
  expect(toStayWithin(changed(5, { p99Ms: 500 }), BUDGET).inconclusive).toContain('5 of 8 over 60');
  for (const blocks of [6, 8]) expect(toStayWithin(changed(blocks, { p99Ms: 500 }), BUDGET)).toMatchObject({ pass: false });
});

test('Makes no judgement if the generator fell behind, whatever the times are', () => {
  for (const report of [{ dropped: 1 }, { measured: 0 }, { measured: 90 }]) {
    const slow = changed(1, report, 'both', comparisonOf({ both: { medianMs: 20 } }));
    expect(toStayWithin(slow, BUDGET).inconclusive).toContain('the load generator');
    expect(toStayWithin(changed(1, report, 'none'), BUDGET)).toMatchObject({ pass: false });
  }
});

test('Does not pass without a comparison', () => {
  expect(toStayWithin({ blocks: [], counted: { client: 0, server: 0 } }, BUDGET).inconclusive).toBe('0 blocks, 8 needed');
  expect(toStayWithin(comparisonOf({}, {}, 6), BUDGET).inconclusive).toBe('6 blocks, 8 needed');
});

test('Rejects requests lost by the proxies, but not those that fail without proxies', () => {
  expect(toStayWithin(changed(1, { failed: 3 }), BUDGET)).toMatchObject({ pass: false });
  expect(toStayWithin(changed(1, { failed: 3 }), BUDGET).inconclusive).toBeUndefined();
  expect(toStayWithin(changed(1, { failed: 3 }, 'none'), BUDGET).inconclusive).toBe('requests failed with no proxy in the path');
});

test("Makes no judgement on paths that the proxies' own counters do not confirm", () => {
  const counted = { client: 999, server: 2_000 };
  expect(toStayWithin({ ...comparisonOf(), counted }, BUDGET).inconclusive).toContain('counted 999 (client)');
});
