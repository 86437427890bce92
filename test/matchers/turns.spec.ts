import { expect, test } from '@playwright/test';

import type { Ending } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, times } from './histories.ts';

const { toTakeTurns } = matchers;
const rounds = (n: number, ...versions: string[]): Ending[] =>
  Array.from({ length: n }, () => versions.map((version) => answered(version))).flat();

test('three pods in turn are accepted, wherever the round begins', () => {
  expect(toTakeTurns(historyOf(rounds(20, 'v2', 'v3', 'v1')), 3).pass).toBe(true);
  expect(toTakeTurns(historyOf(rounds(20, 'v2', 'v3', 'v1').slice(1, -1)), 3).pass).toBe(true);
});

test('a pod out of turn, a pod too few or too many, and an answer of nobody are rejected', () => {
  const turns = rounds(20, 'v1', 'v2', 'v3');
  const wrong: [Ending[], string][] = [
    [turns.with(7, answered('v1')), 'request 7 out of turn: server-v2, server-v3, server-v1, server-v1'],
    [times(60, answered('v1')), 'request 1 out of turn'],
    [rounds(30, 'v1', 'v2'), '2 different'],
    [rounds(15, 'v1', 'v2', 'v3', 'v4'), '4 different'],
    [turns.with(7, ENVOY.unhealthy), '503'],
  ];
  for (const [seen, words] of wrong) {
    const judged = toTakeTurns(historyOf(seen), 3);
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(judged.message).toContain(words);
  }
});

test('several workers or less than two rounds say nothing', () => {
  const turns = rounds(20, 'v1', 'v2', 'v3');
  expect(toTakeTurns(historyOf(turns, { concurrency: 2 }), 3).inconclusive).toContain('one after the other');
  const twoConnections = turns.map((ending, i) => ({ ending, connection: i % 2 }));
  expect(toTakeTurns(historyOf(twoConnections), 3).inconclusive).toContain('2 connections');
  expect(toTakeTurns(historyOf(rounds(1, 'v1', 'v2', 'v3')), 3).inconclusive).toContain('too few');
});
