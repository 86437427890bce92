import { FACTS } from '../../clusters/istio/facts.ts';
import { identify } from '../../clusters/engine/processes.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { RigLeases } from '../../clusters/rigs/leases.ts';
import { recoverRigs, replay } from '../../clusters/rigs/recover.ts';
import { OWNER_LABEL, RIG_LABEL } from '../../clusters/rigs/rig.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import { AppliedConfig } from '../../fixtures/check/applied-config.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import { ownedBy } from './owned-by.ts';
import { SETTINGS } from './stand-in-rigs.ts';

const RIG = 'run-rig-0';
const STRICT = '/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default-strict';
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${RIG}/leases/meshproof`;

const strict: Manifest = {
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default-strict', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};
const ours = { manager: 'meshproof', operation: 'Apply' };
const settings = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

const journalled = async (api: KubernetesApi): Promise<JournalledApi> =>
  new JournalledApi(api.connection, await Journal.open(api, RIG, { owner: 'run' }), { owner: 'run', rig: RIG });

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

/** Writes to the API server, in their order. */
const writes = (server: StandInApi): string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

test('what is applied is in the journal before it is there, and carries the names of its cluster and its rig', async ({ api, server }) => {
  const changes = await journalled(api);
  server.requests.length = 0;
  await changes.apply([strict]);
  expect(writes(server)).toEqual(['PATCH meshproof', 'PATCH default-strict']);
  expect(server.objects.get(STRICT)?.metadata['labels']).toEqual({ [OWNER_LABEL]: 'run', [RIG_LABEL]: RIG });
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects).toEqual([
    { apiVersion: 'security.istio.io/v1beta1', kind: 'PeerAuthentication', name: 'default-strict', namespace: 'istio-system' },
  ]);
});

test('what stood before is known already, and is not written down again', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.requests.length = 0;
  await changes.apply([{ ...strict, spec: { mtls: { mode: 'PERMISSIVE' } } }]);
  expect(writes(server)).toEqual(['PATCH default-strict']);
});

test('an object that others made ends the check with its name and maker, before anything is applied', async ({ api, server }) => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' }];
  server.put(STRICT, { ...strict, metadata: { ...strict.metadata, managedFields } });
  const changes = await journalled(api);
  server.requests.length = 0;
  await expect(changes.apply([settings('harmless'), strict], { namespace: RIG })).rejects.toMatchObject({
    code: 'NOT_OURS',
    message: 'PeerAuthentication istio-system/default-strict exists already: it was made or is managed by argocd-controller',
  });
  expect(writes(server)).toEqual([]);
});

test('nor is an object taken that meshproof made for another cluster, or that others apply as well', async ({ api, server }) => {
  const changes = await journalled(api);
  const put = (owner: string, managedFields: object[]) =>
    server.put(STRICT, { ...strict, metadata: { ...strict.metadata, labels: { [OWNER_LABEL]: owner }, managedFields } });
  put('other-run', [ours]);
  await expect(changes.apply([strict])).rejects.toMatchObject({ code: 'NOT_OURS', message: expect.stringContaining('for other-run') });
  put('run', [ours, { manager: 'kubectl-client-side-apply', operation: 'Update' }]);
  await expect(changes.apply([strict])).rejects.toMatchObject({ code: 'NOT_OURS' });
  put('run', [ours, { manager: 'kube-controller-manager', operation: 'Update' }]);
  await changes.apply([strict]);
});

test('an object that is new is applied without force, so that nobody who is quicker is overwritten', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  await changes.apply([strict]);
  const forced = server.requests.filter(({ path, method }) => method === 'PATCH' && path === STRICT).map(({ query }) => query.get('force'));
  expect(forced).toEqual(['false', 'true']);
});

test('a body that was cut off can change nothing any more, and what is under way is waited for', async ({ api, server }) => {
  const changes = await journalled(api);
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const underWay = changes.during(() => slow);
  const cutOff = changes.refuseChanges(new Error('time is up'));
  await expect(changes.apply([strict])).rejects.toThrow('time is up');
  await expect(changes.during(async () => undefined)).rejects.toThrow('time is up');
  let ended = false;
  void cutOff.then(() => (ended = true));
  await new Promise((done) => setImmediate(done));
  expect(ended).toBe(false);
  resolve();
  await Promise.all([underWay, cutOff]);
  expect(server.objects.has(STRICT)).toBe(false);
});

test('a change that was cut off before it was journalled is not made afterwards', async ({ api, server }) => {
  const changes = await journalled(api);
  let cutOff: Promise<void> | undefined;
  server.intercept = ({ method, path }) => {
    if (method === 'PATCH' && path === LEASE) cutOff = changes.refuseChanges(new Error('time is up'));
    return undefined;
  };
  await expect(changes.apply([strict])).rejects.toThrow('time is up');
  await cutOff;
  expect(server.objects.has(STRICT)).toBe(false);
});

test('the next process takes back what the journal names, and nothing that others made or took over', async ({ api, server }) => {
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
  expect(left).toEqual([`ConfigMap ${RIG}/taken: it was made or is managed by flux`]);
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

test('a journal keeps what could not be taken back', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.intercept = ({ method }) => (method === 'DELETE' ? { status: 500, body: { kind: 'Status', message: 'etcd is gone' } } : undefined);
  await expect(replay(api, meshWith(), { journal: changes.journal, rig: RIG, owner: 'run' })).rejects.toThrow('etcd is gone');
  expect((await Journal.open(api, RIG, { owner: 'run' })).isEmpty).toBe(false);
});

test('what carries the cluster’s name in the mesh’s root namespace is found without any journal', async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  server.objects.delete(LEASE);
  server.put(STRICT.replace('default-strict', 'theirs'), { ...strict, metadata: { name: 'theirs', namespace: 'istio-system' } });
  const log: string[] = [];
  const { back } = await recoverRigs(api, meshWith(log), { owner: 'run', rigs: [RIG] });
  expect(back).toEqual(['PeerAuthentication istio-system/default-strict']);
  expect(log).toEqual(['restore run']);
  expect([...server.objects.keys()].filter((path) => path.includes('peerauth'))).toEqual([STRICT.replace('default-strict', 'theirs')]);
});

test('what a kept rig has put there stays with it', async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  expect(await recoverRigs(api, meshWith(), { owner: 'run', rigs: [RIG], kept: [RIG] })).toEqual({ back: [], left: [] });
  expect(server.objects.has(STRICT)).toBe(true);
});

test('what a check was refused is not taken away either: an object of somebody else outlives the clean-up', async ({ api, server }) => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' }];
  server.put(STRICT, { ...strict, metadata: { ...strict.metadata, managedFields } });
  const mesh = { facts: FACTS, converge: async () => ({ enforcedMs: 1, stages: {} }) };
  const rig = { api, changes: await journalled(api), mesh, settings: SETTINGS, namespace: RIG, owner: 'run' } as unknown as Rig;
  const applied = new AppliedConfig(rig);
  await expect(applied.reconcile([strict])).rejects.toMatchObject({ code: 'NOT_OURS' });
  await applied.reconcile([]);
  expect(server.objects.has(STRICT)).toBe(true);
});

test('what somebody else took over during a check stays theirs when the check takes its own away', async ({ api, server }) => {
  const changes = await journalled(api);
  const mesh = { facts: FACTS, converge: async () => ({ acknowledgedMs: 1, drainedMs: 1 }) };
  const said: string[] = [];
  const rig = { api, changes, mesh, settings: SETTINGS, namespace: RIG, owner: 'run' } as unknown as Rig;
  const applied = new AppliedConfig(rig, ({ kind }, text) => void said.push(`${kind}: ${text}`));
  await applied.reconcile([strict]);
  Object.assign(server.objects.get(STRICT)?.metadata ?? {}, { managedFields: [ours, { manager: 'flux', operation: 'Apply' }] });
  await applied.reconcile([]);
  expect(server.objects.has(STRICT)).toBe(true);
  expect(said).toEqual(['PeerAuthentication: it stays: it was made or is managed by flux']);
});

test('one that lost its rig writes nothing into the journal of who has it now, and takes nothing of theirs away', async ({
  api,
  server,
}) => {
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

test('a worker that attaches when another run has taken the rig finds no journal to empty', async ({ api, server }) => {
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

test('one object that cannot be removed keeps nothing else from being taken back', async ({ api, server }) => {
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

test('a journal that names a namespace of somebody else removes nothing', async ({ api, server }) => {
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

test('of several changes at once none is forgotten', async ({ api }) => {
  const changes = await journalled(api);
  await Promise.all(['a', 'b', 'c'].map((name) => changes.apply([settings(name)], { namespace: RIG })));
  expect((await Journal.open(api, RIG, { owner: 'run' })).entries.objects.map(({ name }) => name).toSorted()).toEqual(['a', 'b', 'c']);
});
