import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { variable } from '../../clusters/environment.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { whyNot } from '../../reporters/format.ts';
import { meshproof } from './cluster.ts';
import { pairsOf, spansOf } from './witness/attribution.ts';

/** Comma-separated numbers from the environment. */
const numbers = (name: string, usual: readonly number[]): readonly number[] => variable(name)?.split(',').map(Number) ?? usual;

/** How many checks run in parallel, and in which orders: each of the ten takes an hour on a quiet machine. */
const RIGS = numbers('MESHPROOF_RIGS', [2, 4]);
const SEEDS = numbers('MESHPROOF_SEEDS', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
/** An existing cluster to use and keep, instead of one created by the tests. */
const GIVEN = variable('MESHPROOF_SHARED');
const CLUSTER = GIVEN ?? 'meshproof-pairs';
const SUITES = readdirSync(join(import.meta.dirname, '../../suites'), { withFileTypes: true }).filter((entry) => entry.isDirectory());

test.describe.configure({ mode: 'default' });

test.beforeAll(async () => {
  test.setTimeout(3_000_000);
  if (GIVEN !== undefined) return;
  const { exitCode, all } = await meshproof(['up', '--name', CLUSTER, '--rigs', String(Math.max(...RIGS))]);
  expect(exitCode, all).toBe(0);
});

test.afterAll(async () => {
  test.setTimeout(300_000);
  if (GIVEN === undefined) await meshproof(['down', CLUSTER]);
});

for (const { name: suite } of SUITES) {
  for (const rigs of RIGS) {
    for (const seed of SEEDS) {
      test(`Runs the checks of ${suite} on ${rigs} rigs in the order of seed ${seed} without interference @pairs`, async ({}, info) => {
        test.setTimeout(3_600_000);
        const report = info.outputPath('report');
        const args = ['test', '--cluster', CLUSTER, '--suite', suite, '--workers', String(rigs), `--shuffle=${seed}`];
        const { all } = await meshproof(args, { MESHPROOF_REPORT: report });
        await info.attach('console', { body: all, contentType: 'text/plain' });
        const { checks }: Conformance = JSON.parse(await readFile(join(report, 'conformance.json'), 'utf8'));
        info.annotations.push({ type: 'pairs', description: pairsOf(await spansOf(report)).join(', ') });
        expect(checks.length).toBeGreaterThan(0);
        const wolves = checks.filter(({ verdict }) => verdict === 'FAIL' || verdict === 'INVALID');
        expect(wolves.map((check) => `${check.verdict} ${check.id}: ${whyNot(check)}`)).toEqual([]);
      });
    }
  }
}
