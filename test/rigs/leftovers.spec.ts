import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { deployment, expect, find, namespacesOf, putLease, putPreprovisioned, putRig, test } from './stand-in-rigs.ts';

test('Removes a rig of a dead run with what its journal names, and no rig of others', async ({ api, server, dead, alive }) => {
  await putRig(api, server, 'meshproof-dead-rig-0', { owner: 'meshproof-dead', holder: dead });
  await putRig(api, server, 'meshproof-live-rig-0', { owner: 'meshproof-live', holder: alive });
  await putRig(api, server, 'meshproof-kept-rig-0', { owner: 'meshproof-kept', stays: true });
  server.put('/api/v1/namespaces/shop', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });

  const { leftovers, named, spared } = await find(api);
  expect(named).toEqual(['meshproof-dead-rig-0, created for meshproof-dead']);
  expect(spared.toSorted()).toEqual([
    'meshproof-kept-rig-0: it was kept on purpose; --all removes it',
    'meshproof-live-rig-0: alice is using it',
  ]);
  for (const leftover of leftovers) await leftover.remove();
  expect(namespacesOf(server).filter((name) => name.startsWith('meshproof-dead'))).toEqual([]);
  expect(namespacesOf(server)).toEqual(expect.arrayContaining(['shop', 'meshproof-live-rig-0', 'meshproof-kept-rig-0']));
});

test('Removes kept rigs on request, unless they are in use', async ({ api, server, alive }) => {
  await putRig(api, server, 'meshproof-live-rig-0', { owner: 'meshproof-live', holder: alive });
  await putRig(api, server, 'meshproof-live-rig-1', { owner: 'meshproof-live', stays: true });
  await putRig(api, server, 'meshproof-kept-rig-0', { owner: 'meshproof-kept', stays: true });
  const { named, spared } = await find(api, { all: true });
  expect(named).toEqual(['meshproof-kept-rig-0, created for meshproof-kept']);
  expect(spared).toContain('meshproof-live-rig-1: a run of meshproof-live is in progress');
});

test("Removes meshproof's objects from preprovisioned namespaces, and keeps the namespaces", async ({ api, server, dead }) => {
  putPreprovisioned(server, 'team-rig-0');
  await api.apply([owned(deployment('team-rig-0', 'caller'), 'meshproof-x')]);
  server.put('/apis/apps/v1/namespaces/team-rig-0/deployments/foreign', { ...deployment('team-rig-0', 'foreign') });
  putLease(server, 'team-rig-0', { owner: 'meshproof-x', holder: dead });

  const { leftovers, named } = await find(api, { namespaces: 'team' });
  expect(named).toEqual(['team-rig-0, created for meshproof-x']);
  for (const leftover of leftovers) await leftover.remove();
  const left = [...server.objects.keys()].filter((path) => path.includes('/team-rig-0/'));
  expect(left).toEqual(['/apis/apps/v1/namespaces/team-rig-0/deployments/foreign']);
  expect(namespacesOf(server)).toEqual(['team-rig-0', 'team-rig-0-neighbour', 'team-rig-0-unmeshed']);
  expect((await find(api, { namespaces: 'team' })).named).toEqual([]);
});

test('Removes mesh-wide objects of a run whose rigs are gone, and none of others', async ({ api, server }) => {
  const policy = (name: string): Manifest => ({
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace: 'istio-system' },
  });
  await api.apply([owned(policy('default-strict'), 'meshproof-gone', 'meshproof-gone-rig-0')]);
  server.put('/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default', policy('default'));
  const { leftovers, named } = await find(api);
  expect(named).toEqual(['PeerAuthentication istio-system/default-strict, created for meshproof-gone']);
  for (const leftover of leftovers) await leftover.remove();
  expect([...server.objects.keys()].filter((path) => path.includes('peerauth'))).toHaveLength(1);
});

test('Removes what a check left on a kept rig', async ({ api, server, dead }) => {
  await putRig(api, server, 'meshproof-up-rig-0', { owner: 'meshproof-up', holder: dead, stays: true });
  const lease = server.objects.get('/apis/coordination.k8s.io/v1/namespaces/meshproof-up-rig-0/leases/meshproof');
  const left = owned({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left', namespace: 'meshproof-up-rig-0' } }, 'meshproof-up');
  await api.apply([left]);
  const entry = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'meshproof-up-rig-0', name: 'left' };
  Object.assign(lease?.metadata['annotations'] ?? {}, { 'meshproof.dev/journal': JSON.stringify({ objects: [entry] }) });
  const { leftovers, named } = await find(api);
  expect(named).toEqual(['leftovers of a check on meshproof-up-rig-0']);
  for (const leftover of leftovers) await leftover.remove();
  expect([...server.objects.keys()].some((path) => path.endsWith('/left'))).toBe(false);
  expect(namespacesOf(server)).toHaveLength(3);
  expect(await find(api)).toMatchObject({ named: [], spared: ['meshproof-up-rig-0: it was kept on purpose; --all removes it'] });
});

test('Keeps mesh-wide objects of a run that is alive elsewhere, whatever prefix its rigs have', async ({ api, server, alive }) => {
  const policy: Manifest = {
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default-strict', namespace: 'istio-system' },
  };
  await api.apply([owned(policy, 'meshproof-b', 'team-b-rig-0')]);
  putLease(server, 'team-b-rig-0', { owner: 'meshproof-b', holder: alive });
  const { named, spared } = await find(api);
  expect(named).toEqual([]);
  expect(spared).toEqual(['PeerAuthentication istio-system/default-strict, created for meshproof-b: alice is using team-b-rig-0']);
});

test('Reports a preprovisioned namespace that may not be read, and treats an inconclusive answer the same way', async ({ api, server }) => {
  const refuse = (status: number): void => {
    const body = { kind: 'Status', message: 'not for you' };
    server.intercept = ({ path }) => (path === '/api/v1/namespaces/team-rig-0' ? { status, body } : undefined);
  };
  refuse(403);
  expect((await find(api, { namespaces: 'team' })).spared).toEqual([expect.stringMatching(/^team-rig-0: .*may not see it/)]);
  refuse(500);
  await expect(find(api, { namespaces: 'team' })).rejects.toMatchObject({ code: 'API_REFUSED', status: 500 });
});

test('Reports in one line what the account may not list', async ({ api, server }) => {
  server.intercept = ({ path }) =>
    /istio-system|webhookconfigurations$|\/namespaces$/.test(path) ? { status: 403, body: { kind: 'Status', message: 'no' } } : undefined;
  const { named, spared } = await find(api);
  expect(named).toEqual([]);
  expect(spared).toEqual([
    expect.stringMatching(/^Namespace, .*PeerAuthentication in istio-system.*, if any: this account may not list it$/),
  ]);
});

test('Keeps a leftover that was marked as kept after it was found', async ({ api, server, dead }) => {
  putPreprovisioned(server, 'team-rig-0');
  putLease(server, 'team-rig-0', { owner: 'meshproof-aaaa', holder: dead });
  const { leftovers } = await find(api, { namespaces: 'team' });
  expect(leftovers).toHaveLength(1);
  await api.apply([owned(deployment('team-rig-0', 'caller'), 'meshproof-bbbb')]);
  putLease(server, 'team-rig-0', { owner: 'meshproof-bbbb', stays: true });
  for (const leftover of leftovers) await expect(leftover.remove()).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect([...server.objects.keys()].some((path) => path.endsWith('/caller'))).toBe(true);
  const lease = server.objects.get('/apis/coordination.k8s.io/v1/namespaces/team-rig-0/leases/meshproof');
  expect(lease).toMatchObject({
    metadata: { labels: { 'meshproof.dev/owner': 'meshproof-bbbb' }, annotations: { 'meshproof.dev/stays': 'true' } },
  });
  expect(lease?.metadata['annotations']).not.toHaveProperty('meshproof.dev/holder');
});
