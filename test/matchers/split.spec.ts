import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { History } from '../../fixtures/agent/protocol.ts';
import { servedBy } from '../../fixtures/evidence/served-by.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { seeded } from '../statistics/generator.ts';
import { answered, byEnvoy, ENVOY, historyOf, times } from './histories.ts';

const { toSplit, toHaveShare } = matchers;
/** Maximum number of requests for a share of a tenth. */
const MOST = 15_409;
const seeds = fc.integer({ min: 1, max: 2 ** 31 });

/** A mesh that distributes requests over v1, v2, … at random with these shares. */
function spread(shares: readonly number[], n: number, seed: number): History {
  const random = seeded(seed);
  const pick = (): string => {
    let rest = random();
    const index = shares.findIndex((share) => (rest -= share) < 0);
    return `v${(index === -1 ? shares.length - 1 : index) + 1}`;
  };
  return historyOf(Array.from({ length: n }, () => answered(pick())));
}

test('Accepts 90/10, with one statistic for each version', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const judged = toSplit(spread([0.9, 0.1], MOST, seed), { v1: 90, v2: 10 }, { tolerance: 0.02 });
      expect(judged).toMatchObject({ pass: true });
      expect(judged.statistics).toMatchObject([
        { name: 'share of v1', expected: 0.9, tolerance: 0.02, alpha: 1e-6, power: 0.999, method: 'sprt' },
        { name: 'share of v2', expected: 0.1 },
      ]);
    }),
    { numRuns: 8 },
  );
});

test('Rejects 87/13, 80/20 and 93/7 as 90/10', () => {
  for (let seed = 1; seed <= 5; seed++) {
    for (const share of [0.13, 0.2, 0.07]) {
      const judged = toSplit(spread([1 - share, share], MOST, seed), { v1: 90, v2: 10 }, { tolerance: 0.02 });
      expect(judged).toMatchObject({ pass: false });
      expect(judged.inconclusive).toBeUndefined();
      expect(judged.confidence).toMatch(/reject after \d+ of at most 15409; false alarm at most 0.000001 at 90 %/);
    }
  }
});

test('Rejects a single response of another version at once', () => {
  const judged = toSplit(historyOf([answered('v1'), answered('v3'), answered('v1')]), { v1: 90, v2: 10 }, { tolerance: 0.02 });
  expect(judged).toMatchObject({ pass: false });
  expect(judged.inconclusive).toBeUndefined();
  expect(judged.observed).toContain('2× v1, 1× v3');
  expect(judged.confidence).toContain('1 answered by none of these');
  const failed = toSplit(historyOf([answered('v1'), ENVOY.unreachable]), { v1: 90, v2: 10 }, { tolerance: 0.02 });
  expect(failed.inconclusive).toBeUndefined();
  expect(failed.pass).toBe(false);
});

test('Makes no judgement with too few requests, but detects a gross error early', () => {
  const few = toSplit(spread([0.9, 0.1], 200, 5), { v1: 90, v2: 10 }, { tolerance: 0.02 });
  expect(few.pass).toBe(false);
  expect(few.inconclusive).toContain('undecided after 200; 15409 always decide');
  const swapped = toSplit(spread([0.1, 0.9], 300, 5), { v1: 90, v2: 10 }, { tolerance: 0.02 });
  expect(swapped.inconclusive).toBeUndefined();
  expect(swapped.pass).toBe(false);
});

test('Allows no exception to 100/0', () => {
  expect(toSplit(historyOf(times(200, answered('v1'))), { v1: 100, v2: 0 }, { tolerance: 0.05 }).pass).toBe(true);
  expect(toSplit(historyOf([...times(100, answered('v1')), answered('v2')]), { v1: 100, v2: 0 }, { tolerance: 0.05 }).pass).toBe(false);
});

test('Divides the bound on false alarms among three versions', () => {
  const judged = toSplit(spread([0.5, 0.3, 0.2], 8_000, 11), { v1: 5, v2: 3, v3: 2 }, { tolerance: 0.05 });
  expect(judged.pass).toBe(true);
  expect(judged.statistics?.map(({ alpha }) => alpha)).toEqual([1e-6 / 3, 1e-6 / 3, 1e-6 / 3]);
  expect(toSplit(spread([0.5, 0.2, 0.3], 8_000, 11), { v1: 5, v2: 3, v3: 2 }, { tolerance: 0.05 }).pass).toBe(false);
});

/** A mesh that aborts this share of its requests at random. */
function faulty(share: number): History {
  const random = seeded(21);
  return historyOf(Array.from({ length: MOST }, () => (random() < share ? byEnvoy(500, 'fault filter abort') : answered())));
}

test('Tests a share of endings in the same way', () => {
  const options = {
    what: 'aborted with 500',
    when: ({ ending }: History['outcomes'][number]) => ending.kind === 'response' && ending.status === 500,
    p0: 0.1,
    tolerance: 0.02,
  };
  expect(toHaveShare(faulty(0.1), options)).toMatchObject({ pass: true, statistics: [{ name: 'aborted with 500', expected: 0.1 }] });
  const twice = toHaveShare(faulty(0.2), options);
  expect(twice.pass).toBe(false);
  expect(twice.observed).toContain('500 FI');
});

test('Rejects a tolerance that would accept 13 % as 10 %', () => {
  const history = historyOf(times(50, answered()));
  for (const p0 of [0.01, 0.1, 0.9, 0.99]) {
    const loose = () => toHaveShare(history, { what: 'aborted', when: () => false, p0, tolerance: 0.03 });
    expect(loose, `${p0}`).toThrow(expect.objectContaining({ code: 'STATISTICS_CLAIM' }));
  }
  for (const p0 of [0, 0.2, 0.5, 0.8, 1])
    expect(() => toHaveShare(history, { what: 'x', when: () => false, p0, tolerance: 0.05 })).not.toThrow();
});

test('Counts requests by responder', () => {
  const counts = servedBy(historyOf([answered('v1'), answered('v2'), answered('v1'), ENVOY.unhealthy]));
  expect([...counts]).toEqual([
    ['v1', 2],
    ['v2', 1],
  ]);
});
