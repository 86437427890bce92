import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { isAtLeast, parsePushVersion, versionOfNonce } from '../../clusters/istio/convergence/push-version.ts';

function version(text: string): NonNullable<ReturnType<typeof parsePushVersion>> {
  const parsed = parsePushVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

test('Parses a push version as a time and a counter', () => {
  expect(parsePushVersion('2026-11-21T20:49:57Z/13')).toEqual({ timeMs: Date.UTC(2026, 10, 21, 20, 49, 57), counter: 13 });
  expect(parsePushVersion('2026-11-21T21:49:57+01:00/13')).toEqual(parsePushVersion('2026-11-21T20:49:57Z/13'));
  for (const text of ['', '13', '/13', '2026-11-21T20:49:57Z/', '2026-11-21T20:49:57Z/1x', 'yesterday/13']) {
    expect(parsePushVersion(text), text).toBeUndefined();
  }
});

test('Parses a nonce as a push version followed directly by a UUID', () => {
  expect(versionOfNonce('2026-11-21T23:08:16Z/23e9126d2-dd4e-48a9-9f6e-59493775c2fc')).toEqual(version('2026-11-21T23:08:16Z/2'));
  expect(versionOfNonce('')).toBeUndefined();
});

test('Compares counters as numbers within a second, and handles an istiod that restarted', () => {
  expect(isAtLeast(version('2026-11-21T20:49:57Z/10'), version('2026-11-21T20:49:57Z/9'))).toBe(true);
  expect(isAtLeast(version('2026-11-21T20:49:57Z/9'), version('2026-11-21T20:49:57Z/10'))).toBe(false);
  expect(isAtLeast(version('2026-11-21T20:50:03Z/1'), version('2026-11-21T20:49:57Z/512'))).toBe(true);
});

test('Orders versions totally', () => {
  const any = fc.record({ timeMs: fc.integer({ min: 0, max: 3 }), counter: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      assert.equal(isAtLeast(a, b) || isAtLeast(b, a), true);
      if (isAtLeast(a, b) && isAtLeast(b, a)) assert.deepEqual({ ...a }, { ...b });
      if (isAtLeast(a, b) && isAtLeast(b, c)) assert.equal(isAtLeast(a, c), true);
    }),
  );
});
