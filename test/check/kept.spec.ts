import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as plain } from '@playwright/test';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { keepRig, keptRigs, renewKept } from '../../clusters/registry/retained.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { keepFailed } from '../../fixtures/check/kept.ts';
import { encode } from '../../fixtures/contract/settings.ts';

const CLUSTER = { name: 'c', kubeconfig: 'kube', context: 'kind-c', mesh: 'istio', rigs: ['c-rig-0', 'c-rig-1'] };

const test = plain.extend<{ file: string }>({
  file: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-kept-'));
    const file = join(folder, 'cluster.json');
    await writeFile(file, JSON.stringify(CLUSTER));
    await use(file);
    for (const name of Object.keys(encode({ cluster: file }))) delete process.env[name];
    await rm(folder, { recursive: true });
  },
});

const rig = { namespace: 'c-rig-0', cluster: CLUSTER as unknown as ClusterDescription } as Rig;
const policy = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'strict', namespace: 'c-rig-0' } };
const elsewhere = { ...policy, metadata: { name: 'other', namespace: 'c-rig-0-unmeshed' } };

test('Keeps a rig only on request, and prints how to inspect and remove it', async ({ file: cluster }) => {
  for (const keep of ['no', 'all'] as const) {
    Object.assign(process.env, encode({ cluster, keep }));
    expect(await keepFailed(rig, [policy])).toBeUndefined();
  }
  Object.assign(process.env, encode({ cluster, keep: 'failed' }));
  const kubectl = 'kubectl --kubeconfig kube --context kind-c';
  expect(await keepFailed(rig, [policy, elsewhere])).toEqual({
    namespace: 'c-rig-0',
    look: [`${kubectl} -n c-rig-0 get pods`, `${kubectl} -n c-rig-0 get PeerAuthentication/strict -o yaml`],
    remove: `${kubectl} delete namespace c-rig-0 c-rig-0-neighbour c-rig-0-unmeshed`,
  });
  Object.assign(process.env, encode({ cluster, keep: 'failed', createdForRun: true }));
  expect((await keepFailed(rig, []))?.remove).toBe('npx meshproof down c');
  expect(await keptRigs(cluster)).toEqual(['c-rig-0']);
});

test('Quotes its commands for the shell, whatever the context is called', async ({ file }) => {
  Object.assign(process.env, encode({ cluster: file, keep: 'failed' }));
  const cluster = { ...CLUSTER, kubeconfig: '/home/a b/kube', context: 'staging (do not delete)' } as unknown as ClusterDescription;
  const kept = await keepFailed({ namespace: 'c-rig-0', cluster } as Rig, []);
  expect(kept?.look).toEqual([`kubectl --kubeconfig '/home/a b/kube' --context 'staging (do not delete)' -n c-rig-0 get pods`]);
});

test('Gives the worker of a kept rig one new rig, and other workers none', async ({ file }) => {
  await keepRig(file, 'c-rig-1');
  const made: string[] = [];
  const make = async (_: ClusterDescription, like: string, name: string) => void made.push(`${name} like ${like}`);
  for (const index of [0, 1, 1]) await renewKept(file, index, make);
  expect(made).toEqual(['c-rig-2 like c-rig-1']);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ rigs: ['c-rig-0', 'c-rig-2'], kept: ['c-rig-1'] });
});

test('Loses no update when workers keep and replace rigs at once', async ({ file }) => {
  await Promise.all(CLUSTER.rigs.map((name) => keepRig(file, name)));
  await Promise.all([0, 1].map((index) => renewKept(file, index, async () => undefined)));
  const { rigs, kept } = JSON.parse(await readFile(file, 'utf8'));
  expect(kept.toSorted()).toEqual(['c-rig-0', 'c-rig-1']);
  expect(rigs.toSorted()).toEqual(['c-rig-2', 'c-rig-3']);
});

test('Keeps at most three rigs, and none in preprovisioned namespaces', async ({ file }) => {
  for (const name of ['a', 'b', 'd']) expect(await keepRig(file, name)).toBe(true);
  expect(await keepRig(file, 'e')).toBe(false);
  await writeFile(file, JSON.stringify({ ...CLUSTER, preprovisioned: true, kept: ['c-rig-0'] }));
  await expect(renewKept(file, 0, async () => undefined)).rejects.toMatchObject({ code: 'RIG_KEPT' });
});
