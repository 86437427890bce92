import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, historyOf } from './histories.ts';

const { toTake } = matchers;

/** A history of requests that took so many milliseconds each. */
const taking = (...ms: number[]): History => historyOf(ms.map((took, i) => ({ ending: answered(), sentMs: i, answeredMs: i + took })));

test('no answer comes sooner than promised, but for the turn of an event loop', () => {
  expect(toTake(taking(2_000, 1_960, 2_100), { atLeastMs: 2_000 }).pass).toBe(true);
  expect(toTake(taking(2_000, 1_940, 2_100), { atLeastMs: 2_000 }).pass).toBe(false);
  expect(toTake(taking(1_995), { atLeastMs: 2_000, earlyMs: 0 }).pass).toBe(false);
});

test('the median answer is in time: one that is late is not held against the mesh', () => {
  expect(toTake(taking(2_010, 2_020, 9_000), { atLeastMs: 2_000, atMostMs: 2_300 }).pass).toBe(true);
  // A timeout a fifth late.
  const late = toTake(taking(2_400, 2_410, 2_420), { atLeastMs: 2_000, atMostMs: 2_300 });
  expect(late.pass).toBe(false);
  expect(late.message).toContain('2400 to 2420 ms, median 2410 ms');
  expect(late.inconclusive).toBeUndefined();
});

test('a limit for each single answer is one', () => {
  expect(toTake(taking(5, 6, 4_999), { lessThanMs: 5_000 }).pass).toBe(true);
  expect(toTake(taking(5, 6, 5_000), { lessThanMs: 5_000 }).pass).toBe(false);
});

test('lateness that requests beside show too allows no judgement, and excuses nothing else', () => {
  const options = { atLeastMs: 2_000, atMostMs: 2_300 };
  const slow = taking(2_600, 2_610);
  expect(toTake(slow, { ...options, beside: { history: taking(400, 410), ms: 0 } }).inconclusive).toContain('400 ms late too');
  expect(toTake(slow, { ...options, beside: { history: taking(100, 110), ms: 0 } })).not.toHaveProperty('inconclusive');
  expect(toTake(taking(1_000, 2_610), { ...options, beside: { history: taking(400, 410), ms: 0 } })).not.toHaveProperty('inconclusive');
});
