import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { until } from '../../clusters/until.ts';
import { describe, meshproof, SHARED } from './cluster.ts';

test('Sweeps rigs that a killed run was deploying on an existing cluster @cluster', async () => {
  test.setTimeout(300_000);
  const { kubeconfig, context, rigs } = await describe(SHARED);
  const cache = await mkdtemp(join(tmpdir(), 'meshproof-guest-'));
  const env = { MESHPROOF_CACHE: cache, MESHPROOF_STATE: join(cache, 'state') };
  const api = await KubernetesApi.open({ kubeconfig, context });
  const guests = async () =>
    (await api.list('v1', 'Namespace')).map(({ metadata }) => metadata.name).filter((name) => name.startsWith('meshproof-guest-'));
  try {
    const run = meshproof(
      ['up', '--provider=existing', '--kubeconfig', kubeconfig, '--context', context, '--rigs=1', '--name=meshproof-guest'],
      env,
    );
    await until(async () => (await guests()).length > 0, { what: 'the first namespace of the guest', timeoutMs: 60_000 });
    process.kill(run.pid ?? 0, 'SIGKILL');
    await run;
    expect(await guests()).not.toHaveLength(0);

    const swept = await meshproof(['sweep'], env);
    expect(swept.exitCode, swept.all).toBe(0);
    expect(swept.all).toContain(`meshproof-guest in context ${context}`);
    expect(await guests()).toHaveLength(0);
    // What existed before belongs to the owner.
    expect((await api.list('v1', 'Namespace')).map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(rigs));
  } finally {
    api.close();
    await rm(cache, { recursive: true, force: true });
  }
});
