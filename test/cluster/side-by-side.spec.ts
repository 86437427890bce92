import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { whyNot } from '../../reporters/format.ts';
import { meshproof } from './cluster.ts';
import { pairsOf, spansOf } from './witness/attribution.ts';

/** Numbers from the environment, separated by commas. */
const numbers = (name: string, usual: readonly number[]): readonly number[] => process.env[name]?.split(',').map(Number) ?? usual;

/** How many checks run at once, and in which orders: an hour on a quiet machine for each of the ten. */
const RIGS = numbers('MESHPROOF_RIGS', [2, 4]);
const SEEDS = numbers('MESHPROOF_SEEDS', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
/** A cluster that is up and stays, instead of one of the tests' own. */
const GIVEN = process.env['MESHPROOF_SHARED'];
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
      test(`the checks of ${suite} do not disturb each other on ${rigs} rigs, in the order of seed ${seed} @pairs`, async ({}, info) => {
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
