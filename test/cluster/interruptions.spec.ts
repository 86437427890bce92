import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { describe, meshproof, SHARED } from './cluster.ts';
import { interrupted, INTERRUPTIONS, numbersOf } from './interruption.ts';
import { clusterSnapshot, difference, machineSnapshot } from './snapshot.ts';

/** Moments of one series; a series of another seed has others. `POINTS=60 SEED=7 npm run test:cluster -- interruptions` tries harder. */
const POINTS = Number(process.env['POINTS'] ?? 6);
const SEED = Number(process.env['SEED'] ?? 1);
/** A point's latest moment: a run of two checks has ended by then on a quiet machine. */
const LATEST_MS = Number(process.env['LATEST_MS'] ?? 45_000);

/** Those that leave most behind: mesh-wide configuration, cluster-wide roles, an injector that is cut off, namespaces, installations, pods. */
const CHECKS = [
  'security/strict-mesh-wide',
  'install/preflight',
  'injection/injector-down',
  'injection/namespace-opt-in',
  'install/set-overrides',
  'gateway/https-redirect',
  'routing/canary-header',
];

test('a run that is interrupted, at any moment and in any way, leaves the cluster and the machine as they were @cluster', async () => {
  test.setTimeout(POINTS * 400_000);
  const cluster = await describe(SHARED);
  const api = await KubernetesApi.open(cluster);
  const report = await mkdtemp(join(tmpdir(), 'meshproof-interrupted-'));
  const next = numbersOf(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const rows: string[] = [];
  const found: string[] = [];
  try {
    // Sentinels and leases come with the first run and stay.
    await meshproof([
      'test',
      '--cluster',
      SHARED,
      '--report',
      join(report, 'r'),
      '--no-control',
      '--check',
      'routing/canary-header,security/strict-workload',
    ]);
    const look = async () => [...(await clusterSnapshot(api)), ...(await machineSnapshot(cluster.dockerHost ?? ''))];
    const before = await look();
    for (let point = 0; point < POINTS; point++) {
      const how = pick(INTERRUPTIONS);
      const checks = [pick(CHECKS), pick(CHECKS)];
      const afterMs = Math.round(1_000 + next() * LATEST_MS);
      const args = ['test', '--cluster', SHARED, '--report', join(report, 'r'), '--check', checks.join(',')];
      const { exitCode, stage, output, cleanUpMs } = await interrupted(args, { how, afterMs });
      const swept = how.startsWith('SIGKILL') ? await meshproof(['sweep']) : undefined;
      const left = difference(before, await look());
      rows.push(
        `| ${point} | ${how} | ${afterMs} | ${checks.join(' ')} | ${stage.slice(0, 60)} | ${exitCode} | ${cleanUpMs} | ${left.length} |`,
      );
      process.stdout.write(`${rows.at(-1)}\n`);
      if (left.length > 0)
        found.push(
          `point ${point}, ${how} after ${afterMs} ms of ${checks.join(', ')}:\n${left.join('\n')}\n${output.slice(-2_000)}\n${swept?.all ?? ''}`,
        );
    }
  } finally {
    api.close();
    await rm(report, { recursive: true, force: true });
    await test.info().attach('interruptions.md', { body: rows.join('\n') });
  }
  expect(found.join('\n\n')).toBe('');
});
