import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, historyOf } from './histories.ts';

const { toHaveLatency } = matchers;

/** A history of requests that took so many milliseconds each. */
const taking = (...ms: number[]): History =>
  historyOf(ms.map((took, i) => ({ ending: answered(), dueMs: i, sentMs: i, answeredMs: i + took })));

test('no answer comes sooner than promised, but for the turn of an event loop', () => {
  expect(toHaveLatency(taking(2_000, 1_960, 2_100), { atLeastMs: 2_000 }).pass).toBe(true);
  expect(toHaveLatency(taking(2_000, 1_940, 2_100), { atLeastMs: 2_000 }).pass).toBe(false);
  expect(toHaveLatency(taking(1_995), { atLeastMs: 2_000, earlyMs: 0 }).pass).toBe(false);
});

test('the median answer is in time: one that is late is not held against the mesh', () => {
  expect(toHaveLatency(taking(2_010, 2_020, 9_000), { atLeastMs: 2_000, atMostMs: 2_300 }).pass).toBe(true);
  // A timeout a fifth late.
  const late = toHaveLatency(taking(2_400, 2_410, 2_420), { atLeastMs: 2_000, atMostMs: 2_300 });
  expect(late.pass).toBe(false);
  expect(late.observed).toContain('2400 to 2420 ms, median 2410 ms');
  expect(late.inconclusive).toBeUndefined();
});

test('a limit for each single answer is one', () => {
  expect(toHaveLatency(taking(5, 6, 4_999), { lessThanMs: 5_000 }).pass).toBe(true);
  expect(toHaveLatency(taking(5, 6, 5_000), { lessThanMs: 5_000 }).pass).toBe(false);
});

test('who misses a limit by no more than plain requests beside were late at worst has said nothing', () => {
  const options = { atLeastMs: 2_000, atMostMs: 2_300 };
  const slow = taking(2_600, 2_610);
  // The machine may become busy only when the answers are due, so the worst of those beside counts.
  expect(toHaveLatency(slow, { ...options, beside: taking(5, 4, 400, 6) }).inconclusive).toContain('up to 400 ms late too');
  expect(toHaveLatency(slow, { ...options, beside: taking(5, 100, 110) }).inconclusive).toBeUndefined();
  expect(toHaveLatency(taking(1_000, 2_610), { ...options, beside: taking(400, 410) }).inconclusive).toBeUndefined();
  // Envoy counts a timer from a time that is old where its thread has stood still.
  expect(toHaveLatency(taking(1_800, 2_100), { ...options, beside: taking(200) }).inconclusive).toContain('200 ms late too');
  expect(toHaveLatency(taking(5, 5_100), { lessThanMs: 5_000, beside: taking(200) }).inconclusive).toContain('200 ms late too');
  expect(toHaveLatency(taking(2_000, 2_100), { ...options, beside: taking(9_000) })).toMatchObject({ pass: true });
});

test('a prober that stood still was late with all that it saw', () => {
  const slow = { ...taking(2_600, 2_610), stalledMs: 350 };
  expect(toHaveLatency(slow, { atMostMs: 2_300 }).inconclusive).toContain('350 ms late too');
  expect(toHaveLatency({ ...slow, stalledMs: 250 }, { atMostMs: 2_300 }).inconclusive).toBeUndefined();
});
