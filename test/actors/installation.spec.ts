import { expect, test } from '@playwright/test';

import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Installation } from '../../fixtures/actors/installation.ts';

const mesh = { facts: { name: 'Istio' }, revisions: { made: () => true } } as unknown as MeshAdapter;

/** An installation whose gateway has this many of two wanted pods ready, one number for each look; the last one stays. */
function installationWith(ready: number[], readyMs?: number): Installation {
  const list = async () => {
    const readyReplicas = ready.length > 1 ? ready.shift() : ready[0];
    return [{ metadata: { name: 'gateway-rig-demo' }, spec: { replicas: 2 }, status: { readyReplicas } }];
  };
  const api = { list } as unknown as KubernetesApi;
  return new Installation('rig-demo', api, mesh, readyMs === undefined ? {} : { readyMs });
}

test('Waits for the pods that an autoscaler has just added', async () => {
  expect(await installationWith([1, 1, 2]).components()).toEqual([{ name: 'gateway', ready: 2, wanted: 2 }]);
});

test('Reports a component that does not become ready, so that a matcher judges it', async () => {
  expect(await installationWith([1], 200).components()).toEqual([{ name: 'gateway', ready: 1, wanted: 2 }]);
});

test('Fails if the components cannot be listed, which is no finding', async () => {
  const api = { list: () => Promise.reject(new Error('the API server is gone')) } as unknown as KubernetesApi;
  await expect(new Installation('rig-demo', api, mesh, { readyMs: 200 }).components()).rejects.toThrow('the API server is gone');
});
