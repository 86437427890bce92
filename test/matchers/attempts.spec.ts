import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toHaveAttempts } = matchers;
const failed = answered('v1', { status: 500 });

test('Requires exactly the given number of deliveries of each request', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }), fc.nat(), (n, attempts, one) => {
      const history = historyOf(times(n, failed));
      const ledger = history.outcomes.flatMap(({ id }) => Array.from({ length: attempts }, () => delivery(id)));
      assert.equal(toHaveAttempts(ledger, history, attempts).pass, true);
      assert.equal(toHaveAttempts([...ledger, delivery(`r-${one % n}`)], history, attempts).pass, false);
      assert.equal(toHaveAttempts(ledger.toSpliced(one % ledger.length, 1), history, attempts).pass, false);
    }),
  );
});

test('Counts the deliveries and gives examples', () => {
  const history = historyOf(times(3, failed));
  const { expected, observed, confidence } = toHaveAttempts([delivery('r-0'), delivery('r-0'), delivery('r-1')], history, 2);
  expect(expected).toBe('every request is delivered exactly 2 times');
  expect(observed).toContain('1× delivered 0 times, 1× delivered 1 times, 1× delivered 2 times');
  expect(confidence).toContain('r-1 1 times, r-2 0 times');
});

test('Makes no judgement if the prober was at fault', () => {
  expect(toHaveAttempts([], historyOf([{ kind: 'tool', detail: 'x' }]), 1).inconclusive).toContain('the prober was at fault');
});
