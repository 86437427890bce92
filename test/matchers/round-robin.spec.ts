import { expect, test } from '@playwright/test';

import type { Ending } from '../../fixtures/agent/protocol.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, times } from './histories.ts';

const { toRoundRobin, toRoundRobinPerWorker } = matchers;
const rounds = (n: number, ...versions: string[]): Ending[] =>
  Array.from({ length: n }, () => versions.map((version) => answered(version))).flat();

test('Accepts three pods in turn, whichever is first', () => {
  expect(toRoundRobin(historyOf(rounds(20, 'v2', 'v3', 'v1')), 3).pass).toBe(true);
  expect(toRoundRobin(historyOf(rounds(20, 'v2', 'v3', 'v1').slice(1, -1)), 3).pass).toBe(true);
});

test('Rejects a pod out of turn, too few or too many pods, and a missing response', () => {
  const turns = rounds(20, 'v1', 'v2', 'v3');
  const wrong: [Ending[], string][] = [
    [turns.with(7, answered('v1')), 'request 7 out of turn: server-v2, server-v3, server-v1, server-v1'],
    [times(60, answered('v1')), 'request 1 out of turn'],
    [rounds(30, 'v1', 'v2'), '2 different'],
    [rounds(15, 'v1', 'v2', 'v3', 'v4'), '4 different'],
    [turns.with(7, ENVOY.unhealthy), '503'],
  ];
  for (const [seen, words] of wrong) {
    const judged = toRoundRobin(historyOf(seen), 3);
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(judged.observed).toContain(words);
  }
});

test('Makes no judgement with several workers or less than two rounds', () => {
  const turns = rounds(20, 'v1', 'v2', 'v3');
  expect(toRoundRobin(historyOf(turns, { concurrency: 2 }), 3).inconclusive).toContain('one after the other');
  const twoConnections = turns.map((ending, i) => ({ ending, connection: i % 2 }));
  expect(toRoundRobin(historyOf(twoConnections), 3).inconclusive).toContain('2 connections');
  expect(toRoundRobin(historyOf(rounds(1, 'v1', 'v2', 'v3')), 3).inconclusive).toContain('too few');
});

test('Allows counts to differ by the number of workers', () => {
  const seen = (v1: number, v2: number, v3: number) =>
    toRoundRobinPerWorker(historyOf([...times(v1, answered('v1')), ...times(v2, answered('v2')), ...times(v3, answered('v3'))]), {
      pods: 3,
      workers: 2,
    });
  expect(seen(21, 20, 19).pass).toBe(true);
  expect(seen(22, 20, 19)).toMatchObject({ pass: false, confidence: expect.stringContaining('the counts differ by 3') });
  expect(seen(30, 30, 0)).toMatchObject({ pass: false, observed: expect.stringContaining('2 different') });
  expect(seen(20, 20, 19).inconclusive).toContain('60 needed');
});
