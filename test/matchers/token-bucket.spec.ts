import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, byEnvoy, ENVOY, historyOf } from './histories.ts';

const { toBeRateLimited } = matchers;
const bucket = { tokens: 100, tokenMs: 600 };

/** What a bucket of this size, refilled evenly, does to requests every `everyMs`, each evaluated `latencyMs` after it was sent. */
function limited({ tokens, tokenMs }: typeof bucket, { n = 390, everyMs = 10, latencyMs = 3 } = {}): History {
  let passed = 0;
  return historyOf(
    Array.from({ length: n }, (_, i) => {
      const sentMs = i * everyMs;
      const passes = passed < tokens + Math.floor(sentMs / tokenMs);
      if (passes) passed++;
      return { ending: passes ? answered() : ENVOY.limited, sentMs, dueMs: sentMs, answeredMs: sentMs + 2 * latencyMs };
    }),
  );
}

test('Lets as many requests pass as there are tokens, initial and refilled, at any rate', () => {
  expect(toBeRateLimited(limited(bucket), bucket)).toMatchObject({
    pass: true,
    observed: expect.stringContaining('106 passed, 284 rejected'),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 200 }), (everyMs, latencyMs) => {
      assert.equal(toBeRateLimited(limited(bucket, { everyMs, latencyMs }), bucket).pass, true);
    }),
  );
});

test('Detects one token too many or too few, and a bucket refilled too fast or all at once', () => {
  const wrong = { generous: { tokens: 101, tokenMs: 600 }, mean: { tokens: 99, tokenMs: 600 }, fast: { tokens: 100, tokenMs: 300 } };
  expect(toBeRateLimited(limited(wrong.generous), bucket).observed).toContain('passed without a token');
  expect(toBeRateLimited(limited(wrong.mean), bucket).observed).toContain('rejected although a token was left');
  expect(toBeRateLimited(limited(wrong.fast), bucket).observed).toContain('passed without a token');
  expect(toBeRateLimited(limited({ tokens: 100, tokenMs: Infinity }), bucket).observed).toContain('rejected although a token was left');
});

test('Requires a 429 by the proxy, with the promised mark', () => {
  const history = limited(bucket);
  expect(toBeRateLimited(history, { ...bucket, mark: ['x-local-rate-limit', 'true'] }).pass).toBe(false);
  const swap = (ending: typeof ENVOY.limited) => ({
    ...history,
    outcomes: history.outcomes.map((outcome) => (outcome.ending === ENVOY.limited ? { ...outcome, ending } : outcome)),
  });
  const marked = swap(byEnvoy(429, 'local_rate_limited', { 'x-local-rate-limit': 'true' }));
  expect(toBeRateLimited(marked, { ...bucket, mark: ['x-local-rate-limit', 'true'] }).pass).toBe(true);
  expect(toBeRateLimited(swap(answered('v1', { status: 429 })), bucket).observed).toContain('429 by the application');
  expect(toBeRateLimited(swap(ENVOY.overflow), bucket).pass).toBe(false);
  // Linkerd's inbound proxy sends nothing but the status.
  const bare = (headers = {}, bodyStart = '') => swap({ kind: 'response', status: 429, headers, bodyStart });
  expect(toBeRateLimited(bare(), bucket).pass).toBe(true);
  expect(toBeRateLimited(bare({ 'l5d-proxy-error': 'service in fail-fast' }), bucket).pass).toBe(false);
  expect(toBeRateLimited(bare({ server: 'envoy' }), bucket).pass).toBe(false);
  expect(toBeRateLimited(bare({}, 'slow down'), bucket).pass).toBe(false);
});

test('Detects a missing limit, and makes no judgement with too few requests', () => {
  const open = historyOf(Array.from({ length: 390 }, () => answered()));
  expect(toBeRateLimited(open, bucket).observed).toContain('none rejected');
  expect(toBeRateLimited(limited(bucket, { n: 50 }), bucket).inconclusive).toContain('too few outcomes');
});
