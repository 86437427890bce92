import { expect, test } from '@playwright/test';

import type { History } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, times } from './histories.ts';

const { toRemapFrom, toHaveAffinity } = matchers;

/** A user who is answered by these versions in turn. */
const user = (...versions: string[]): History => historyOf(versions.map((version) => answered(version)));

test('Requires every request of a user to be answered by the same pod', () => {
  const users = [user('v1', 'v1'), user('v3', 'v3', 'v3'), user('v2', 'v2')];
  expect(toHaveAffinity(users).pass).toBe(true);
  for (const stray of [user('v1', 'v2'), historyOf([answered('v1'), ENVOY.unhealthy]), historyOf(times(2, ENVOY.unhealthy))]) {
    const judged = toHaveAffinity([...users, stray]);
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(judged.observed).toContain('1 of 4 users not answered by exactly one pod');
  }
});

test('Needs at least two requests of at least one user', () => {
  expect(toHaveAffinity([user('v1', 'v1'), user('v2')]).inconclusive).toContain('too few');
  expect(toHaveAffinity([]).inconclusive).toContain('too few');
});

const others = { p0: 1 / 8, tolerance: 0.3 };
const spread = (n: number, versionOf: (i: number) => string): History[] => Array.from({ length: n }, (_, i) => user(versionOf(i)));
const before = spread(210, (i) => `v${(i % 3) + 1}`);
/** Where users go if v3 is removed and every `k`-th of the others is remapped too. */
const after = (k: number): History[] =>
  spread(210, (i) => {
    if (i % 3 === 2) return i % 2 === 0 ? 'v1' : 'v2';
    const moves = (Math.floor(i / 3) * 2 + (i % 3)) % k === k - 1;
    return `v${((i % 3) + (moves ? 1 : 0)) % 2 === 0 ? 1 : 2}`;
  });

test('Accepts that users of a removed pod and an eighth of the others are remapped', () => {
  expect(toRemapFrom(after(8), { before, removed: 'server-v3', others })).toMatchObject({ pass: true, statistics: [{ method: 'sprt' }] });
});

test('Rejects half of the others remapped, a user left behind, and a user without a response', () => {
  const wrong: [History[], string][] = [
    [after(2), 'reject'],
    [after(8).with(5, user('v3')), '1 users are still there or not answered by exactly one pod'],
    [after(8).with(6, historyOf([ENVOY.unhealthy])), '1 users are still there or not answered by exactly one pod'],
  ];
  for (const [seen, words] of wrong) {
    const judged = toRemapFrom(seen, { before, removed: 'server-v3', others });
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(`${judged.observed} ${judged.confidence}`).toContain(words);
  }
});

test('Makes no judgement with few users, or none of the removed pod', () => {
  expect(toRemapFrom(after(8), { before, removed: 'server-v9', others }).inconclusive).toContain('server-v9 had no user');
  expect(toRemapFrom(after(8).slice(0, 12), { before: before.slice(0, 12), removed: 'server-v3', others }).inconclusive).toContain(
    'undecided',
  );
});
