import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toHaveEjected } = matchers;
const of = ['v1', 'v2', 'v3'].map((version) => ({ pod: `server-${version}` }));
const [v1, v2, v3] = of;

/** 90 requests, spread evenly over these pods. */
function spread(...pods: ({ pod: string } | undefined)[]) {
  const history = historyOf(times(90, answered()));
  const ledger = pods.length === 0 ? [] : history.outcomes.map(({ id }, i) => delivery(id, { pod: pods[i % pods.length]?.pod ?? '' }));
  return { ledger, history };
}

test('Requires the exact number of ejected endpoints', () => {
  for (const [pods, count] of [
    [[v1, v2, v3], 0],
    [[v1, v3], 1],
    [[v2], 2],
    [[], 3],
  ] as const) {
    const { ledger, history } = spread(...pods);
    for (const expected of [0, 1, 2, 3]) expect(toHaveEjected(ledger, expected, { of, history }).pass).toBe(expected === count);
  }
});

test('Requires exactly the named endpoints to be ejected', () => {
  const { ledger, history } = spread(v1, v3);
  expect(toHaveEjected(ledger, [{ pod: 'server-v2' }], { of, history }).pass).toBe(true);
  expect(toHaveEjected(ledger, [{ pod: 'server-v1' }], { of, history }).pass).toBe(false);
  expect(toHaveEjected(ledger, [{ pod: 'server-v2' }, { pod: 'server-v3' }], { of, history }).pass).toBe(false);
  expect(toHaveEjected(ledger, [], { of, history }).observed).toContain('1 ejected; 45 to server-v1, 0 to server-v2, 45 to server-v3');
});

test('Ignores deliveries of other requests', () => {
  const { ledger, history } = spread(v1, v3);
  expect(toHaveEjected([...ledger, delivery('earlier', { pod: 'server-v2' })], 1, { of, history }).pass).toBe(true);
});

test('Makes no judgement with too few requests', () => {
  const history = historyOf(times(10, answered()));
  expect(toHaveEjected([], 3, { of, history }).inconclusive).toContain('too few outcomes: 10, 60 needed');
});
