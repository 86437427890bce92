import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toBeEmpty, toContainEachOnce, toHaveIdentity } = matchers;

test('Requires an empty ledger', () => {
  expect(toBeEmpty([]).pass).toBe(true);
  const judged = toBeEmpty(['a', 'b', 'c', 'd'].map((id) => delivery(id, { path: '/admin' })));
  expect(judged.pass).toBe(false);
  expect(judged.observed).toContain('4 delivered: GET /admin at server-v1 (a)');
  expect(judged.observed).toContain('and 1 more');
});

test('Requires one delivery of each request, in any order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(), fc.nat(), (n, one, other) => {
      const history = historyOf(times(n, answered()));
      const ledger = history.outcomes.map(({ id }) => delivery(id)).toReversed();
      assert.ok(toContainEachOnce(ledger, history).pass);
      const fails = (deliveries: readonly LedgerEntry[], words: string): void => {
        const { pass, observed } = toContainEachOnce(deliveries, history);
        assert.ok(!pass);
        assert.ok(observed.includes(words), observed);
      };
      fails([...ledger, delivery(`r-${one % n}`)], `1 delivered more than once: r-${one % n}`);
      fails(ledger.toSpliced(other % n, 1), '1 never delivered');
      fails([...ledger, delivery('')], '1 not of this history: no id');
    }),
  );
  expect(toContainEachOnce([], historyOf([])).inconclusive).toBeDefined();
});

test('Requires the exact identity, or none', () => {
  const frontend = 'spiffe://cluster.local/ns/rig/sa/frontend';
  expect(toHaveIdentity([delivery('a'), delivery('b')], frontend).pass).toBe(true);
  const plain = toHaveIdentity([delivery('a'), delivery('b', { peer: '' })], frontend);
  expect(plain.pass).toBe(false);
  expect(plain.observed).toContain('1× no identity');
  expect(toHaveIdentity([delivery('b', { peer: '' })], '').pass).toBe(true);
  expect(toHaveIdentity([delivery('a')], `${frontend}2`).pass).toBe(false);
  expect(toHaveIdentity([], frontend)).toMatchObject({ pass: false, inconclusive: 'too few outcomes: nothing was delivered' });
});
