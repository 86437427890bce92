import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { Statistic } from '../../fixtures/contract/result.ts';
import { differencesBetween, fingerprintsOf, type Fingerprint } from '../../fixtures/watch/fingerprint.ts';
import { scratchFolder } from '../engine/scratch.ts';
import { sampleCheck } from '../reporters/samples.ts';

const print = (some: Partial<Fingerprint> = {}): Fingerprint => ({
  id: 'routing/split',
  enforcementMs: 500,
  statistics: [],
  endings: new Map(),
  ...some,
});
const endings = (counts: Record<string, number>): Partial<Fingerprint> => ({
  endings: new Map([['caller to server', new Map(Object.entries(counts))]]),
});
const statistic = (observed: number, some: Partial<Statistic> = {}): Partial<Fingerprint> => ({
  statistics: [
    {
      name: 'share of v2',
      n: 700,
      observed,
      expected: 0.1,
      tolerance: 0.05,
      interval: [observed - 0.04, observed + 0.04],
      alpha: 1e-6,
      power: 0.999,
      method: 'sprt',
      ...some,
    },
  ],
});
const between = (before: Partial<Fingerprint>, now: Partial<Fingerprint>) => differencesBetween([print(before)], [print(now)]);

test('Finds nothing if nothing but noise differs', () => {
  expect(between({}, {})).toEqual([]);
  expect(between({ enforcementMs: 350 }, { enforcementMs: 1_500 })).toEqual([]);
  expect(between({ enforcementMs: 2_000 }, { enforcementMs: 5_000 })).toEqual([]);
  expect(between({ enforcementMs: null }, { enforcementMs: 9_000 })).toEqual([]);
  expect(between(endings({ 'answered 200': 99, 'answered 503 UF': 1 }), endings({ 'answered 200': 100 }))).toEqual([]);
  expect(between(endings({ 'answered 200': 50, 'answered 503 UO': 50 }), endings({ 'answered 200': 90, 'answered 503 UO': 1 }))).toEqual(
    [],
  );
  expect(between(statistic(0.1), statistic(0.17))).toEqual([]);
  const ms = { unit: 'ms', tolerance: 50 };
  expect(between(statistic(20, { ...ms, interval: [19, 21] }), statistic(60, { ...ms, interval: [59, 61] }))).toEqual([]);
  expect(differencesBetween([], [print()])).toEqual([]);
});

test('Finds enforcement that takes several times as long, either way', () => {
  expect(between({ enforcementMs: 1_000 }, { enforcementMs: 3_000 })).toEqual([
    { what: 'enforcement time', of: 'routing/split', before: '1000 ms', now: '3000 ms' },
  ]);
  expect(between({ enforcementMs: 3_000 }, { enforcementMs: 1_000 })).toHaveLength(1);
});

test('Finds a kind of ending that only one of the runs observed', () => {
  expect(between(endings({ 'answered 404': 10 }), endings({ 'answered 500': 10 }))).toEqual([
    { what: 'ending', of: 'routing/split: caller to server', before: '10× answered 404', now: '10× answered 500' },
  ]);
  expect(between(endings({ 'answered 200': 98, reset: 2 }), endings({ 'answered 200': 100 }))).toHaveLength(1);
});

test('Finds shares whose intervals do not overlap, and medians that are also further apart than their tolerance', () => {
  expect(between(statistic(0.1), statistic(0.19))).toEqual([
    {
      what: 'statistic',
      of: 'routing/split: share of v2',
      before: '0.1 (0.06 to 0.14, n = 700)',
      now: '0.19 (0.15 to 0.23, n = 700)',
    },
  ]);
  const ms = { unit: 'ms', tolerance: 50 };
  expect(between(statistic(20, { ...ms, interval: [19, 21] }), statistic(90, { ...ms, interval: [89, 91] }))).toMatchObject([
    { before: '20 ms (19 ms to 21 ms, n = 700)' },
  ]);
});

test('Reads the histories of checks that passed, without their controls', async () => {
  await using scratch = await scratchFolder();
  const folder = join(scratch.path, 'evidence');
  await mkdir(folder);
  const response = (status: number) => JSON.stringify({ id: '1', ending: { kind: 'response', status, headers: {} } });
  const evidence = (name: string, phase: 'check' | 'control') => ({ name, phase, file: 'evidence/a.ndjson', lines: 3 });
  await writeFile(join(folder, 'a.ndjson'), `${response(200)}\n${response(200)}\n${response(301)}\n`);
  const passed = sampleCheck({
    id: 'routing/a',
    verdict: 'PASS',
    evidence: [evidence('history caller to server', 'check'), evidence('history b', 'control'), evidence('ledger server', 'check')],
  });
  const [only, ...others] = await fingerprintsOf(scratch.path, [passed, sampleCheck({ id: 'routing/b', verdict: 'FAIL' })]);
  expect(others).toEqual([]);
  expect(only?.id).toBe('routing/a');
  expect([...(only?.endings ?? [])]).toEqual([
    [
      'caller to server',
      new Map([
        ['answered 200', 2],
        ['answered 301', 1],
      ]),
    ],
  ]);
});
