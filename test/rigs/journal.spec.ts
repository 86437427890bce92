import { FACTS } from '../../clusters/istio/facts.ts';
import { identify } from '../../clusters/engine/processes.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { RigLeases } from '../../clusters/rigs/leases.ts';
import { recoverRigs, replay } from '../../clusters/rigs/recover.ts';
import { OWNER_LABEL } from '../../clusters/rigs/rig.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import { journalled, LEASE, ours, RIG, settings, STRICT, strict } from './journalled.ts';
import { ownedBy } from './owned-by.ts';
import { SETTINGS } from './stand-in-rigs.ts';

function meshWith(log: string[] = []): MeshAdapter {
  const mesh = {
    facts: FACTS,
    settings: async () => SETTINGS,
    injector: {
      outages: async () => [{ name: 'a cut', owner: 'run', rig: RIG }],
      restore: async (owner: string) => void log.push(`restore ${owner}`),
    },
    revisions: { uninstall: async ({ metadata }: Manifest) => void log.push(`uninstall ${metadata.name}`) },
  };
  return mesh as unknown as MeshAdapter;
}

test('Reverts in the next process what the journal names, except what others created or took over', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict, settings('mine'), settings('taken')], { namespace: RIG });
  await changes.journal.add({
    installations: [
      { apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', metadata: { name: 'second', namespace: `${RIG}-second` } },
    ],
  });
  const taken = server.objects.get(`/api/v1/namespaces/${RIG}/configmaps/taken`);
  Object.assign(taken?.metadata ?? {}, { managedFields: [ours, { manager: 'flux', operation: 'Apply' }] });

  const log: string[] = [];
  const journal = await Journal.open(api, RIG, { owner: 'run' });
  const { back, left } = await replay(api, meshWith(log), { journal, rig: RIG, owner: 'run' });
  expect(left).toEqual([`ConfigMap ${RIG}/taken: it was created or is managed by flux`]);
  expect(back.toSorted()).toEqual([
    'ConfigMap run-rig-0/mine',
    'IstioOperator run-rig-0-second/second',
    'PeerAuthentication istio-system/default-strict',
  ]);
  expect(log).toEqual(['uninstall second']);
  expect(server.objects.has(STRICT)).toBe(false);
  expect(taken).toBeDefined();
  expect((await Journal.open(api, RIG, { owner: 'run' })).isEmpty).toBe(true);
});

test('Keeps journal entries that could not be reverted', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.intercept = ({ method }) => (method === 'DELETE' ? { status: 500, body: { kind: 'Status', message: 'etcd is gone' } } : undefined);
  await expect(replay(api, meshWith(), { journal: changes.journal, rig: RIG, owner: 'run' })).rejects.toThrow('etcd is gone');
  expect((await Journal.open(api, RIG, { owner: 'run' })).isEmpty).toBe(false);
});

test("Finds objects with the cluster's name in the mesh's root namespace without a journal", async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  server.objects.delete(LEASE);
  server.put(STRICT.replace('default-strict', 'foreign'), { ...strict, metadata: { name: 'foreign', namespace: 'istio-system' } });
  const log: string[] = [];
  const { back } = await recoverRigs(api, meshWith(log), { owner: 'run', rigs: [RIG] });
  expect(back).toEqual(['PeerAuthentication istio-system/default-strict']);
  expect(log).toEqual(['restore run']);
  expect([...server.objects.keys()].filter((path) => path.includes('peerauth'))).toEqual([STRICT.replace('default-strict', 'foreign')]);
});

test('Keeps objects of a kept rig in the root namespace', async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  expect(await recoverRigs(api, meshWith(), { owner: 'run', rigs: [RIG], kept: [RIG] })).toEqual({ back: [], left: [] });
  expect(server.objects.has(STRICT)).toBe(true);
});

test('Writes nothing to the journal of a rig that was lost, and removes nothing of its new holder', async ({ api, server }) => {
  const leases = await RigLeases.take(api, [RIG], 'run');
  const changes = await journalled(api);
  await changes.apply([strict]);
  leases.stop();
  const lease = server.objects.get(LEASE);
  Object.assign(lease?.metadata['annotations'] ?? {}, { 'meshproof.dev/holder': '{"host":"another"}' });
  server.put(STRICT, ownedBy('other', strict));
  await expect(changes.apply([settings('late')], { namespace: RIG })).rejects.toMatchObject({ code: 'RIG_LOST' });
  await expect(changes.journal.requireHeld()).rejects.toMatchObject({ code: 'RIG_LOST' });
  await expect(replay(api, meshWith(), { journal: changes.journal, rig: RIG, owner: 'run' })).rejects.toMatchObject({ code: 'RIG_LOST' });
  expect(server.objects.has(STRICT)).toBe(true);
  expect(server.objects.has(`/api/v1/namespaces/${RIG}/configmaps/late`)).toBe(false);
});

test('Finds no journal to empty when another run took the rig before the worker attached', async ({ api, server }) => {
  const own = await RigLeases.take(api, [RIG], 'run');
  own.stop();
  const command = await identify(process.pid);
  await Journal.open(api, RIG, { owner: 'run', holder: command });
  const lost = { code: 'RIG_LOST' };
  await expect(Journal.open(api, RIG, { owner: 'run', holder: { ...command, pid: 1 } })).rejects.toMatchObject(lost);
  const { metadata } = server.objects.get(LEASE) ?? { metadata: {} };
  Object.assign(metadata, { labels: { [OWNER_LABEL]: 'another' } });
  await expect(Journal.open(api, RIG, { owner: 'run' })).rejects.toMatchObject(lost);
});

test('Reverts everything else if one object cannot be removed', async ({ api, server }) => {
  await (await journalled(api)).apply([settings('held')], { namespace: RIG });
  const other = new JournalledApi(api.connection, await Journal.open(api, 'run-rig-1', { owner: 'run' }), {
    owner: 'run',
    rig: 'run-rig-1',
  });
  await other.apply([strict, { ...settings('mine'), metadata: { name: 'mine', namespace: 'run-rig-1' } }]);
  server.intercept = ({ method, path }) =>
    method === 'DELETE' && path.endsWith('/held') ? { status: 403, body: { kind: 'Status', message: 'a webhook says no' } } : undefined;
  await expect(recoverRigs(api, meshWith(), { owner: 'run', rigs: [RIG, 'run-rig-1'] })).rejects.toThrow('a webhook says no');
  expect([...server.objects.keys()].filter((path) => /default-strict|mine|held/.test(path))).toEqual([
    `/api/v1/namespaces/${RIG}/configmaps/held`,
  ]);
});

test('Removes nothing for a journal that names a namespace of another owner', async ({ api, server }) => {
  server.put('/api/v1/namespaces/shop', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const log: string[] = [];
  const journal = await Journal.open(api, RIG, { owner: 'run' });
  const document = (namespace: string) => ({
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    metadata: { name: 'x', namespace },
  });
  await journal.add({ objects: [{ apiVersion: 'v1', kind: 'Namespace', name: 'shop' }], installations: [document('shop')] });
  expect(await replay(api, meshWith(log), { journal, rig: RIG, owner: 'run' })).toEqual({ back: [], left: [] });
  expect(log).toEqual([]);
  expect(server.objects.has('/api/v1/namespaces/shop')).toBe(true);
});
