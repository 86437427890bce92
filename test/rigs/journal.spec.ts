import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshAdapter } from '../../clusters/mesh.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { JournalledApi } from '../../clusters/rigs/journalled-api.ts';
import { recoverRigs, replay } from '../../clusters/rigs/recover.ts';
import { OWNER_LABEL, RIG_LABEL } from '../../clusters/rigs/rig.ts';
import { expect, test } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';

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
  new JournalledApi(api.connection, await Journal.open(api, RIG, 'run'), { owner: 'run', rig: RIG });

function meshWith(log: string[] = []): MeshAdapter {
  const mesh = {
    rootNamespace: 'istio-system',
    injector: { mend: async (owner: string) => void log.push(`mend ${owner}`) },
    installations: { uninstall: async ({ metadata }: Manifest) => void log.push(`uninstall ${metadata.name}`) },
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
  expect((await Journal.open(api, RIG, 'run')).entries.objects).toEqual([
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
    installations: [{ apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', metadata: { name: 'second' } }],
  });
  const taken = server.objects.get(`/api/v1/namespaces/${RIG}/configmaps/taken`);
  Object.assign(taken?.metadata ?? {}, { managedFields: [ours, { manager: 'flux', operation: 'Apply' }] });

  const log: string[] = [];
  const journal = await Journal.open(api, RIG, 'run');
  const back = await replay(api, meshWith(log), { journal, rig: RIG });
  expect(back.toSorted()).toEqual(['ConfigMap run-rig-0/mine', 'IstioOperator /second', 'PeerAuthentication istio-system/default-strict']);
  expect(log).toEqual(['uninstall second']);
  expect(server.objects.has(STRICT)).toBe(false);
  expect(taken).toBeDefined();
  expect((await Journal.open(api, RIG, 'run')).isEmpty).toBe(true);
});

test('a journal keeps what could not be taken back', async ({ api, server }) => {
  const changes = await journalled(api);
  await changes.apply([strict]);
  server.intercept = ({ method }) => (method === 'DELETE' ? { status: 500, body: { kind: 'Status', message: 'etcd is gone' } } : undefined);
  await expect(replay(api, meshWith(), { journal: changes.journal, rig: RIG })).rejects.toThrow('etcd is gone');
  expect((await Journal.open(api, RIG, 'run')).isEmpty).toBe(false);
});

test('what carries the cluster’s name in the mesh’s root namespace is found without any journal', async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  server.objects.delete(LEASE);
  server.put(STRICT.replace('default-strict', 'theirs'), { ...strict, metadata: { name: 'theirs', namespace: 'istio-system' } });
  const log: string[] = [];
  expect(await recoverRigs(api, meshWith(log), { owner: 'run', rigs: [RIG] })).toEqual(['PeerAuthentication istio-system/default-strict']);
  expect(log).toEqual(['mend run']);
  expect([...server.objects.keys()].filter((path) => path.includes('peerauth'))).toEqual([STRICT.replace('default-strict', 'theirs')]);
});

test('what a kept rig has put there stays with it', async ({ api, server }) => {
  await (await journalled(api)).apply([strict]);
  expect(await recoverRigs(api, meshWith(), { owner: 'run', rigs: [RIG], kept: [RIG] })).toEqual([]);
  expect(server.objects.has(STRICT)).toBe(true);
});
