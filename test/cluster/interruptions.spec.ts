import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { describe, meshproof, SHARED } from './cluster.ts';
import { interrupted, INTERRUPTIONS, choicesOf, outageOf } from './interruption.ts';
import { clusterSnapshot, difference, machineSnapshot } from './snapshot.ts';

/**
 * The number of interruptions in a series; another seed chooses other moments. `POINTS=60 SEED=7 npm run test:cluster -- interruptions`
 * tries harder.
 */
const POINTS = Number(process.env['POINTS'] ?? 6);
const SEED = Number(process.env['SEED'] ?? 1);
/** The latest moment of an interruption: on a quiet machine a run of two checks has ended by then. */
const LATEST_MS = Number(process.env['LATEST_MS'] ?? 45_000);

/**
 * The checks that leave most behind: mesh-wide configuration, cluster-wide roles, a disabled injector, namespaces, installations, pods, a
 * control plane that is down, and processes in a pod's network.
 */
const CHECKS = [
  'security/strict-mesh-wide',
  'install/preflight',
  'injection/injector-down',
  'injection/namespace-opt-in',
  'install/set-overrides',
  'gateway/https-redirect',
  'chaos/control-plane-down',
  'chaos/slow-endpoint',
  'routing/canary-header',
];

const { next, pick } = choicesOf(SEED);

interface Series {
  /** Arguments of every run. */
  args: readonly string[];
  env?: Record<string, string>;
  /** Sweeps what a killed run has left. */
  sweep: () => Promise<{ all?: string | undefined }>;
  look: () => Promise<string[]>;
  /** Makes the API server unavailable for a while; impossible for a run with its own cluster. */
  outage?: () => Promise<void>;
}

/** Interrupts runs at moments and in ways determined by the seed, and returns what each of them left. */
async function leftBy({ args, env = {}, sweep, look, outage }: Series): Promise<string> {
  const report = await mkdtemp(join(tmpdir(), 'meshproof-interrupted-'));
  const rows: string[] = [];
  const found: string[] = [];
  try {
    const before = await look();
    for (let point = 0; point < POINTS; point++) {
      const how = pick(INTERRUPTIONS.filter((one) => outage !== undefined || !one.startsWith('API server')));
      const checks = [pick(CHECKS), pick(CHECKS)];
      const afterMs = Math.round(1_000 + next() * LATEST_MS);
      const all = [...args, '--report', join(report, 'r'), '--check', checks.join(',')];
      const { exitCode, stage, output, cleanUpMs } = await interrupted(all, { how, afterMs, env, ...(outage && { outage }) });
      const swept = how.startsWith('SIGKILL') ? (await sweep()).all : '';
      const left = difference(before, await look());
      rows.push(
        `| ${point} | ${how} | ${afterMs} | ${checks.join(' ')} | ${stage.slice(0, 60)} | ${exitCode} | ${cleanUpMs} | ${left.length} |`,
      );
      process.stdout.write(`${[rows.at(-1), ...left].join('\n')}\n`);
      if (left.length > 0)
        found.push(
          `point ${point}, ${how} after ${afterMs} ms of ${checks.join(', ')}:\n${left.join('\n')}\n${output.slice(-2_000)}\n${swept}`,
        );
    }
  } finally {
    await rm(report, { recursive: true, force: true });
    await test.info().attach('interruptions.md', { body: rows.join('\n') });
  }
  return found.join('\n\n');
}

test('Leaves the cluster and the machine unchanged when a run is interrupted at any moment and in any way @cluster', async () => {
  test.setTimeout(POINTS * 400_000);
  const cluster = await describe(SHARED);
  const api = await KubernetesApi.open(cluster);
  const args = ['test', '--cluster', SHARED];
  const look = async () => [...(await clusterSnapshot(api)), ...(await machineSnapshot(cluster.dockerHost ?? ''))];
  // Sentinels and leases are created by the first run and kept.
  await meshproof([
    ...args,
    '--report',
    test.info().outputPath('first'),
    '--no-control',
    '--check',
    'routing/canary-header,security/strict-workload',
  ]);
  const sweep = () => meshproof(['sweep']);
  expect(await leftBy({ args, look, sweep, outage: () => outageOf(cluster) }).finally(() => api.close())).toBe('');
});

test('Leaves the machine unchanged when a run with its own cluster is interrupted, even while it builds images @cluster', async () => {
  test.setTimeout(POINTS * 400_000);
  const { dockerHost = '' } = await describe(SHARED);
  const cache = await mkdtemp(join(tmpdir(), 'meshproof-empty-cache-'));
  const look = () => machineSnapshot(dockerHost);
  const sweep = () => meshproof(['sweep']);
  try {
    expect(await leftBy({ args: ['test', '--fresh'], look, sweep })).toBe('');
    expect(await leftBy({ args: ['test', '--fresh'], env: { MESHPROOF_CACHE: cache }, look, sweep })).toBe('');
  } finally {
    await rm(cache, { recursive: true, force: true });
  }
});

test('Leaves an existing cluster unchanged when a run is interrupted, and sweeps a killed one from another machine @cluster', async () => {
  test.setTimeout(POINTS * 500_000);
  const cluster = await describe(SHARED);
  const { kubeconfig, context, dockerHost = '' } = cluster;
  const api = await KubernetesApi.open({ kubeconfig, context });
  const there = ['--provider=existing', `--kubeconfig=${kubeconfig}`, `--context=${context}`];
  const folder = await mkdtemp(join(tmpdir(), 'meshproof-guest-'));
  const env = { MESHPROOF_STATE: join(folder, 'state') };
  const look = async () => [...(await clusterSnapshot(api)), ...(await machineSnapshot(dockerHost))];
  // Another machine has no record of the run.
  const sweep = () => meshproof(['sweep', ...there], { ...env, MESHPROOF_STATE: join(folder, 'elsewhere') });
  try {
    const args = ['test', ...there, '--allow-mesh-wide', '--workers=1'];
    expect(await leftBy({ args, env, look, sweep, outage: () => outageOf(cluster) })).toBe('');
  } finally {
    api.close();
    await rm(folder, { recursive: true, force: true });
  }
});
