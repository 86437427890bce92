import { RigLeases } from '../../clusters/rigs/leases.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { applyAlso, deployment, expect, find, namespace, namespacesOf, putLease, putLent, putRig, test } from './stand-in-rigs.ts';

const OWNER = 'meshproof-aa';
const RIG = `${OWNER}-rig-0`;
const HOME = `/api/v1/namespaces/${RIG}`;
const refused = (message: string, status = 403) => ({ status, body: { kind: 'Status', message } });

test('lent namespaces that another run holds by now are not emptied by the one that had them before', async ({
  api,
  server,
  alive,
  down,
}) => {
  putLent(server, 'lent-rig-0');
  await api.apply([owned(deployment('lent-rig-0', 'caller'), 'meshproof-bbbb')]);
  putLease(server, 'lent-rig-0', { owner: 'meshproof-bbbb', holder: alive });
  await down({ name: 'meshproof-aaaa', rigs: ['lent-rig-0'], preprovisioned: true });
  const left = [...server.objects.keys()].filter((path) => path.includes('/lent-rig-0/'));
  expect(left.map((path) => path.split('/').at(-1) ?? '').toSorted()).toEqual(['caller', 'meshproof']);
});

test('a try that was refused changes nothing for whoever has the lent namespaces', async ({ api, server, down }) => {
  putLent(server, 'lent-rig-0');
  await api.apply([owned(deployment('lent-rig-0', 'caller'), OWNER)]);
  putLease(server, 'lent-rig-0', { owner: OWNER, stays: true });
  const refusedTry = await RigLeases.take(api, ['lent-rig-0'], 'meshproof-bbbb');
  await refusedTry.release();
  expect((await find(api, { namespaces: 'lent', all: true })).named).toEqual([`lent-rig-0, created for ${OWNER}`]);
  await down({ name: OWNER, rigs: ['lent-rig-0'], preprovisioned: true });
  expect([...server.objects.keys()].filter((path) => path.includes('/lent-rig-0/'))).toEqual([]);
});

test('what is one’s own goes from lent namespaces whoever has their lease', async ({ api, server, alive, down }) => {
  putLent(server, 'lent-rig-0');
  await api.apply([owned(deployment('lent-rig-0', 'mine'), OWNER), owned(deployment('lent-rig-0', 'theirs'), 'meshproof-bbbb')]);
  putLease(server, 'lent-rig-0', { owner: 'meshproof-bbbb', holder: alive });
  await down({ name: OWNER, rigs: ['lent-rig-0'], preprovisioned: true });
  expect([...server.objects.keys()].flatMap((path) => /deployments\/(.*)/.exec(path)?.[1] ?? [])).toEqual(['theirs']);
});

test('rigs of the same name that another machine made are not removed with one’s own', async ({ api, server, alive, down }) => {
  await putRig(api, server, 'meshproof-ci-rig-0', { owner: 'meshproof-ci', holder: alive });
  await expect(down({ name: 'meshproof-ci', rigs: ['meshproof-ci-rig-0'] })).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect(namespacesOf(server)).toHaveLength(3);
});

test('a platform that labels every namespace does not become an owner of ours', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  const labels = { 'f:metadata': { 'f:labels': { 'f:pod-security.kubernetes.io/warn': {} } } };
  for (const name of namespacesOf(server)) applyAlso(server, `/api/v1/namespaces/${name}`, 'pod-security-admission-label-syncer', labels);
  expect((await find(api, { all: true })).named).toEqual([`${RIG}, created for ${OWNER}`]);
  await down({ name: OWNER, rigs: [RIG] });
  expect(namespacesOf(server)).toEqual([]);
});

test('what another manager applies from its own source stays, and is told', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  const tracked = { 'f:metadata': { 'f:annotations': { 'f:argocd.argoproj.io/tracking-id': {} } } };
  applyAlso(server, `${HOME}-neighbour`, 'argocd-controller', tracked);
  const message = expect.stringContaining(`Namespace ${RIG}-neighbour: it was created or is managed by argocd-controller`);
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ code: 'LEFT_BEHIND', message });
  expect(namespacesOf(server)).toEqual([`${RIG}-neighbour`]);
  const { named, spared } = await find(api, { all: true });
  expect(named).toEqual([]);
  expect(spared).toEqual([`${RIG}: it was created or is managed by argocd-controller`]);
});

test('rigs that a run has kept or renewed go, though the description that was read names others', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER, stays: true });
  await putRig(api, server, `${OWNER}-rig-1`, { owner: OWNER });
  await putRig(api, server, `${OWNER}-b-rig-0`, { owner: `${OWNER}-b` });
  await down({ name: OWNER, rigs: [`${OWNER}-rig-1`], kept: [RIG] });
  expect(namespacesOf(server)).toEqual([`${OWNER}-b-rig-0`, `${OWNER}-b-rig-0-neighbour`, `${OWNER}-b-rig-0-unmeshed`]);
});

test('a removal that broke off is ended by the next one, and a sweep sees what it left', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ method, path }) =>
    method === 'DELETE' && path.endsWith('-neighbour') ? refused('etcdserver: leader changed', 500) : undefined;
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ status: 500 });
  server.intercept = () => undefined;
  expect(namespacesOf(server)).toEqual([`${RIG}-neighbour`]);
  const { leftovers, named } = await find(api, { all: true });
  expect(named).toEqual([`${RIG}, created for ${OWNER}`]);
  for (const leftover of leftovers) await leftover.remove();
  expect(namespacesOf(server)).toEqual([]);
  await down({ name: OWNER, rigs: [RIG] });
});

test('a removal that is forbidden is no removal', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ method, path }) =>
    method === 'DELETE' && path === HOME ? refused('admission webhook denied the request: by a ticket only') : undefined;
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ status: 403 });
  server.intercept = ({ path }) => (path === '/api/v1/namespaces' ? refused('namespaces is forbidden') : undefined);
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ status: 403 });
});

test('nothing is removed where neither a uid nor a certificate tells that it is the same cluster', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ path }) => (path === '/api/v1/namespaces/kube-system' ? refused('namespaces is forbidden') : undefined);
  const hint = expect.stringContaining('sweep --provider=existing');
  await expect(down({ name: OWNER, rigs: [RIG], uid: 'the-one' })).rejects.toMatchObject({ code: 'CLUSTER_UNCERTAIN', hint });
  expect(namespacesOf(server)).toHaveLength(3);
  // Nothing was known of it when it was made either.
  await down({ name: OWNER, rigs: [RIG] });
  expect(namespacesOf(server)).toEqual([]);
});

test('nothing is removed, and nothing said to be, in another cluster at the same address', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.put('/api/v1/namespaces/kube-system', { ...namespace('kube-system'), metadata: { name: 'kube-system', uid: 'another' } });
  await expect(down({ name: OWNER, rigs: [RIG], uid: 'the-one' })).rejects.toMatchObject({ code: 'OTHER_CLUSTER' });
  expect(namespacesOf(server)).toHaveLength(4);
  await down({ name: OWNER, rigs: [RIG], uid: 'another' });
  expect(namespacesOf(server)).toEqual(['kube-system']);
});
