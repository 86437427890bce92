import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, historyOf } from './histories.ts';

const { toHaveLatency } = matchers;

/** A history of requests that took the given numbers of milliseconds. */
const taking = (...ms: number[]): History =>
  historyOf(ms.map((took, i) => ({ ending: answered(), dueMs: i, sentMs: i, answeredMs: i + took })));

test('Accepts no response earlier than promised, except by one iteration of an event loop', () => {
  expect(toHaveLatency(taking(2_000, 1_960, 2_100), { atLeastMs: 2_000 }).pass).toBe(true);
  expect(toHaveLatency(taking(2_000, 1_940, 2_100), { atLeastMs: 2_000 }).pass).toBe(false);
  expect(toHaveLatency(taking(1_995), { atLeastMs: 2_000, earlyMs: 0 }).pass).toBe(false);
});

test('Judges the median, so that a single late response does not matter', () => {
  expect(toHaveLatency(taking(2_010, 2_020, 9_000), { atLeastMs: 2_000, atMostMs: 2_300 }).pass).toBe(true);
  // A timeout that fires a fifth too late.
  const late = toHaveLatency(taking(2_400, 2_410, 2_420), { atLeastMs: 2_000, atMostMs: 2_300 });
  expect(late.pass).toBe(false);
  expect(late.observed).toContain('2400 to 2420 ms, median 2410 ms');
  expect(late.inconclusive).toBeUndefined();
});

test('Applies a limit for single responses to each of them', () => {
  expect(toHaveLatency(taking(5, 6, 4_999), { lessThanMs: 5_000 }).pass).toBe(true);
  expect(toHaveLatency(taking(5, 6, 5_000), { lessThanMs: 5_000 }).pass).toBe(false);
});

test('Makes no judgement if a limit is missed by no more than the latest plain request', () => {
  const options = { atLeastMs: 2_000, atMostMs: 2_300 };
  const slow = taking(2_600, 2_610);
  // The machine may become busy only when the responses are due, so the latest plain request counts.
  expect(toHaveLatency(slow, { ...options, beside: taking(5, 4, 400, 6) }).inconclusive).toContain('up to 400 ms late too');
  expect(toHaveLatency(slow, { ...options, beside: taking(5, 100, 110) }).inconclusive).toBeUndefined();
  expect(toHaveLatency(taking(1_000, 2_610), { ...options, beside: taking(400, 410) }).inconclusive).toBeUndefined();
  // Envoy starts a timer from a stale time if its thread has stalled.
  expect(toHaveLatency(taking(1_800, 2_100), { ...options, beside: taking(200) }).inconclusive).toContain('200 ms late too');
  expect(toHaveLatency(taking(5, 5_100), { lessThanMs: 5_000, beside: taking(200) }).inconclusive).toContain('200 ms late too');
  expect(toHaveLatency(taking(2_000, 2_100), { ...options, beside: taking(9_000) })).toMatchObject({ pass: true });
});

test('Makes no judgement if the prober stalled', () => {
  const slow = { ...taking(2_600, 2_610), stalledMs: 350 };
  expect(toHaveLatency(slow, { atMostMs: 2_300 }).inconclusive).toContain('350 ms late too');
  expect(toHaveLatency({ ...slow, stalledMs: 250 }, { atMostMs: 2_300 }).inconclusive).toBeUndefined();
});
