import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import type { Ending, History, LedgerEntry } from '../../fixtures/agent/protocol.ts';
import { matchers, type Judgement } from '../../fixtures/matchers/index.ts';
import { explanation, inWords, violations, violationsOf, wrongShare } from '../../fixtures/evidence/violation.ts';
import { answered, closed, delivery, ENVOY, historyOf, reset, times } from '../matchers/histories.ts';

/** What a matcher finds in the history and in the server's ledger. */
type Question = (history: History, ledger: readonly LedgerEntry[]) => Judgement<string>;

const QUESTIONS: Record<string, Question> = {
  toSucceed: (history) => matchers.toSucceed(history),
  toHaveStatus: (history) => matchers.toHaveStatus(history, 503),
  'toBeDenied by transport': (history) => matchers.toBeDenied(history, { by: 'transport' }),
  'toBeDenied by policy': (history) => matchers.toBeDenied(history, { by: 'policy' }),
  toBeRejectedWith: (history) => matchers.toBeRejectedWith(history, { status: 503, flag: 'UH' }),
  'toBeRejectedWith share': (history) => matchers.toBeRejectedWith(history, { status: 503, share: { p0: 0.1, tolerance: 0.02 } }),
  toOverflow: (history) => matchers.toOverflow(history, { exactly: 3 }),
  toTimeOut: (history) => matchers.toTimeOut(history),
  toBecomeDenied: (history) => matchers.toBecomeDenied(history, { withinMs: 10 }),
  toReachOnly: (history) => matchers.toReachOnly(history, 'v1'),
  toSplit: (history) => matchers.toSplit(history, { v1: 90, v2: 10 }, { tolerance: 0.02 }),
  toCutOver: (history) => matchers.toCutOver(history, { from: 'v1', to: 'v2', togetherMs: 20 }),
  toHaveLatency: (history) => matchers.toHaveLatency(history, { atLeastMs: 60, atMostMs: 4, lessThanMs: 100 }),
  toRoundRobin: (history) => matchers.toRoundRobin(history, 2),
  toHaveAffinity: (history) => matchers.toHaveAffinity([history]),
  toBeRateLimited: (history) => matchers.toBeRateLimited(history, { tokens: 2, tokenMs: 10 }),
  toBeEmpty: (_, ledger) => matchers.toBeEmpty(ledger),
  toContainEachOnce: (history, ledger) => matchers.toContainEachOnce(ledger, history),
  toHaveAttempts: (history, ledger) => matchers.toHaveAttempts(ledger, history, 1),
  toHaveIdentity: (_, ledger) => matchers.toHaveIdentity(ledger, ''),
  toHaveHeader: (_, ledger) => matchers.toHaveHeader(ledger, 'host', 'server:8080'),
  toHaveNoPathUnder: (_, ledger) => matchers.toHaveNoPathUnder(ledger, '/admin'),
};

const ending = fc.constantFrom<Ending>(answered('v1'), answered('v2'), reset, closed, ...Object.values(ENVOY));
const observed = fc
  .tuple(fc.array(ending, { minLength: 1, maxLength: 60 }), fc.array(fc.nat(80), { maxLength: 60 }))
  .map(([endings, received]) => ({ history: historyOf(endings), ledger: received.map((n) => delivery(`r-${n}`)) }));

for (const [name, ask] of Object.entries(QUESTIONS)) {
  test(`Names the violations if and only if the promise is broken: ${name}`, () => {
    const property = fc.property(observed, ({ history, ledger }) => {
      const { pass, against = [], inconclusive } = ask(history, ledger);
      if (inconclusive !== undefined) return;
      assert.equal(against.length === 0, pass);
      for (const { count } of against) assert.ok(count > 0);
    });
    fc.assert(property);
  });
}

test('Names an ending by kind, status and mark', () => {
  const endings = [answered(), answered('v1', { status: 500 }), ENVOY.unhealthy, ENVOY.denied, reset, closed];
  const { against = [] } = matchers.toHaveStatus(historyOf([...endings, ENVOY.unhealthy]), 418);
  expect(inWords(against)).toBe(
    '2× answered 503 UH, 1× answered 200, 1× answered 500 by the application, 1× answered 403 RBAC, 1× reset, 1× closed',
  );
});

test('Explains a failure by the majority of its violations, not by a stray one', () => {
  const against = violationsOf([...times(49, reset).map(() => 'reset'), 'answered 503 UH']);
  expect(explanation(against, ['reset'])).toBe('reset');
  expect(explanation(against, ['answered 503 UH'])).toBeUndefined();
  expect(explanation(against, ['answered 200'])).toBeUndefined();
  expect(explanation(violations({ 'missing edge': 1, 'unexpected edge': 1 }), ['missing edge'])).toBe('missing edge');
  expect(explanation(violations({ 'no line': 2, 'wrong upstream': 3 }), ['no line', 'wrong upstream'])).toBe('wrong upstream');
  expect(explanation([], ['reset'])).toBeUndefined();
});

test('Explains a failure by a share whose interval contains the expected one', () => {
  const share = (v2: number) => {
    const endings = Array.from({ length: 15_500 }, (_, i) => answered((i * v2) % 100 < v2 ? 'v2' : 'v1'));
    return matchers.toSplit(historyOf(endings), { v1: 90, v2: 10 }, { tolerance: 0.02 }).against ?? [];
  };
  expect(explanation(share(20), ['80 % to v1', '20 % to v2'])).toBe('80 % to v1');
  expect(explanation(share(100), ['80 % to v1', '20 % to v2'])).toBeUndefined();
  const statistic = { name: '', n: 50, observed: 0.2, expected: 0.1, tolerance: 0, alpha: 0, power: 1, method: 'exact' };
  const wrong = [wrongShare(' mirrored', { ...statistic, interval: [0.15, 0.25] })];
  expect(explanation(wrong, ['20 % mirrored'])).toBe('20 % mirrored');
  for (const other of ['14 % mirrored', '26 % mirrored', '20 %', '20 % remapped', 'mirrored'])
    expect(explanation(wrong, [other])).toBeUndefined();
});
