import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { RequestCount } from '../../clusters/mesh/observations.ts';
import { edgesOfCounts, edgesOfLedger, edgesOfRequests, workloadOf } from '../../fixtures/actors/service-graph.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { type Edge, edges } from '../../fixtures/evidence/edges.ts';
import { delivery } from '../matchers/histories.ts';

const { toMatchTraffic } = matchers;
const edge = (from: string, to: string, requests: number): Edge => ({ from, to, requests });

test("Derives a pod's Deployment from its name", () => {
  expect(workloadOf('server-v1-586cc97d6d-w8qcb')).toBe('server-v1');
  expect(workloadOf('caller-8658f545c9-72gds')).toBe('caller');
  expect(workloadOf('server-v1')).toBe('server-v1');
});

test('Derives the same edges from counters, series and ledgers', () => {
  const wanted = [edge('caller', 'mirror', 2), edge('caller', 'server-v1', 3)];
  const pods = { 'server-v1-586cc97d6d-w8qcb': 3, 'mirror-5cfdbd7755-p42tw': 2, 'server-v2-589447d7cb-gq8hp': 0 };
  const counts = Object.fromEntries(Object.entries(pods).map(([pod, requests]) => [pod, { requests, failed: 1 }]));
  expect(edgesOfCounts('caller', counts)).toEqual(wanted);

  const sent = { side: 'client', from: { workload: 'caller' }, status: 200 } as const;
  const counted: RequestCount[] = [
    { ...sent, to: { workload: 'server-v1' }, count: 1 },
    { ...sent, to: { workload: 'server-v1' }, status: 500, count: 2 },
    { ...sent, to: { workload: 'mirror' }, count: 2 },
    { ...sent, side: 'server', to: { workload: 'caller' }, count: 9 },
  ];
  expect(edgesOfRequests(counted)).toEqual(wanted);

  const ledger = Object.entries(pods).flatMap(([pod, count]) => Array.from({ length: count }, (_, i) => delivery(`${pod}-${i}`, { pod })));
  expect(edgesOfLedger({ from: 'caller-8658f545c9-72gds' }, ledger)).toEqual(wanted);
});

test('Adds up parts of one edge in any order', () => {
  const part = fc.record({ from: fc.constantFrom('a', 'b'), to: fc.constantFrom('c', 'd'), requests: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const sums = edges(parts);
      assert.deepEqual(edges(parts.toReversed()), sums);
      assert.equal(new Set(sums.map(({ from, to }) => `${from} ${to}`)).size, sums.length);
      assert.equal(
        sums.reduce((sum, { requests }) => sum + requests, 0),
        parts.reduce((sum, { requests }) => sum + requests, 0),
      );
      assert.equal(
        sums.every(({ requests }) => requests > 0),
        true,
      );
    }),
  );
});

test('Requires the graph to equal the traffic', () => {
  const sent = [edge('caller', 'server', 30), edge('other', 'server', 11), edge('server', 'mirror', 5)];
  expect(toMatchTraffic(sent.toReversed(), [...sent.slice(1), edge('caller', 'server', 10), edge('caller', 'server', 20)]).pass).toBe(true);
  for (const [graph, words] of [
    [sent.slice(1), 'caller → server is missing, 30 requests were sent'],
    [[...sent, edge('server', 'other', 1)], 'server → other has 1 request, and there was no such traffic'],
    [[...sent, edge('server', 'mirror', 1)], 'server → mirror has 6 of 5 requests'],
  ] as const) {
    expect(toMatchTraffic(graph, sent)).toMatchObject({ pass: false, observed: expect.stringContaining(words) });
  }
  expect(toMatchTraffic([], []).inconclusive).toContain('nothing was sent');
});
