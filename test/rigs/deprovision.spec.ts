import { RigLeases } from '../../clusters/rigs/leases.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';
import {
  applyAlso,
  deployment,
  expect,
  find,
  namespace,
  namespacesOf,
  putLease,
  putPreprovisioned,
  putRig,
  test,
} from './stand-in-rigs.ts';

const OWNER = 'meshproof-aa';
const RIG = `${OWNER}-rig-0`;
const HOME = `/api/v1/namespaces/${RIG}`;
/** Gives the cluster a UID, because the address of the stand-in does not identify it. */
function identify(server: StandInApi, uid: string): { uid: string } {
  server.put('/api/v1/namespaces/kube-system', { ...namespace('kube-system'), metadata: { name: 'kube-system', uid } });
  return { uid };
}
const refused = (message: string, status = 403) => ({ status, body: { kind: 'Status', message } });

test('Does not empty preprovisioned namespaces that another run holds by now', async ({ api, server, alive, down }) => {
  putPreprovisioned(server, 'team-rig-0');
  await api.apply([owned(deployment('team-rig-0', 'caller'), 'meshproof-bbbb')]);
  putLease(server, 'team-rig-0', { owner: 'meshproof-bbbb', holder: alive });
  await down({ name: 'meshproof-aaaa', rigs: ['team-rig-0'], preprovisioned: true, ...identify(server, 'the-one') });
  const left = [...server.objects.keys()].filter((path) => path.includes('/team-rig-0/'));
  expect(left.map((path) => path.split('/').at(-1) ?? '').toSorted()).toEqual(['caller', 'meshproof']);
});

test('Changes nothing for the holder of preprovisioned namespaces when a claim is refused', async ({ api, server, down }) => {
  putPreprovisioned(server, 'team-rig-0');
  await api.apply([owned(deployment('team-rig-0', 'caller'), OWNER)]);
  putLease(server, 'team-rig-0', { owner: OWNER, stays: true });
  const refusedTry = await RigLeases.take(api, ['team-rig-0'], 'meshproof-bbbb');
  await refusedTry.release();
  expect((await find(api, { namespaces: 'team', all: true })).named).toEqual([`team-rig-0, created for ${OWNER}`]);
  await down({ name: OWNER, rigs: ['team-rig-0'], preprovisioned: true });
  expect([...server.objects.keys()].filter((path) => path.includes('/team-rig-0/'))).toEqual([]);
});

test('Removes its own objects from preprovisioned namespaces whoever holds their lease', async ({ api, server, alive, down }) => {
  putPreprovisioned(server, 'team-rig-0');
  await api.apply([owned(deployment('team-rig-0', 'mine'), OWNER), owned(deployment('team-rig-0', 'foreign'), 'meshproof-bbbb')]);
  putLease(server, 'team-rig-0', { owner: 'meshproof-bbbb', holder: alive });
  await down({ name: OWNER, rigs: ['team-rig-0'], preprovisioned: true, ...identify(server, 'the-one') });
  expect([...server.objects.keys()].flatMap((path) => /deployments\/(.*)/.exec(path)?.[1] ?? [])).toEqual(['foreign']);
});

test('Keeps rigs of the same name that another machine created', async ({ api, server, alive, down }) => {
  await putRig(api, server, 'meshproof-ci-rig-0', { owner: 'meshproof-ci', holder: alive });
  await expect(down({ name: 'meshproof-ci', rigs: ['meshproof-ci-rig-0'] })).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect(namespacesOf(server)).toHaveLength(3);
});

test('Does not treat a platform that labels every namespace as an owner', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  const labels = { 'f:metadata': { 'f:labels': { 'f:pod-security.kubernetes.io/warn': {} } } };
  for (const name of namespacesOf(server)) applyAlso(server, `/api/v1/namespaces/${name}`, 'pod-security-admission-label-syncer', labels);
  expect((await find(api, { all: true })).named).toEqual([`${RIG}, created for ${OWNER}`]);
  await down({ name: OWNER, rigs: [RIG] });
  expect(namespacesOf(server)).toEqual([]);
});

test('Keeps and reports what another manager applies from its own source', async ({ api, server, down }) => {
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

test('Removes rigs that a run kept or replaced, even if the given description names others', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER, stays: true });
  await putRig(api, server, `${OWNER}-rig-1`, { owner: OWNER });
  await putRig(api, server, `${OWNER}-b-rig-0`, { owner: `${OWNER}-b` });
  await down({ name: OWNER, rigs: [`${OWNER}-rig-1`], kept: [RIG] });
  expect(namespacesOf(server)).toEqual([`${OWNER}-b-rig-0`, `${OWNER}-b-rig-0-neighbour`, `${OWNER}-b-rig-0-unmeshed`]);
});

test('Completes an interrupted removal the next time, and shows the rest to a sweep', async ({ api, server, down }) => {
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
  await down({ name: OWNER, rigs: [RIG], ...identify(server, 'the-one') });
});

test('Fails if a removal is forbidden', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ method, path }) =>
    method === 'DELETE' && path === HOME ? refused('admission webhook denied the request: by a ticket only') : undefined;
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ status: 403 });
  server.intercept = ({ path }) => (path === '/api/v1/namespaces' ? refused('namespaces is forbidden') : undefined);
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject({ status: 403 });
});

test('Removes nothing if neither a UID nor a certificate identifies the cluster', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ path }) => (path === '/api/v1/namespaces/kube-system' ? refused('namespaces is forbidden') : undefined);
  const hint = expect.stringContaining('sweep --provider=existing');
  await expect(down({ name: OWNER, rigs: [RIG], uid: 'the-one' })).rejects.toMatchObject({ code: 'CLUSTER_UNCERTAIN', hint });
  expect(namespacesOf(server)).toHaveLength(3);
});

test('Recognises a cluster that nothing else identifies by the rigs in it, and reports no removal without any', async ({
  api,
  server,
  down,
}) => {
  await putRig(api, server, RIG, { owner: OWNER });
  server.intercept = ({ path }) => (path === '/api/v1/namespaces/kube-system' ? refused('namespaces is forbidden') : undefined);
  const uncertain = { code: 'CLUSTER_UNCERTAIN', hint: expect.stringContaining('sweep --provider=existing') };
  await expect(down({ name: 'meshproof-bb', rigs: ['meshproof-bb-rig-0'] })).rejects.toMatchObject(uncertain);
  await down({ name: OWNER, rigs: [RIG] });
  expect(namespacesOf(server)).toEqual([]);
  await expect(down({ name: OWNER, rigs: [RIG] })).rejects.toMatchObject(uncertain);
  putPreprovisioned(server, 'team-rig-0');
  putLease(server, 'team-rig-0', { owner: 'meshproof-bb' });
  await expect(down({ name: OWNER, rigs: ['team-rig-0'], preprovisioned: true })).rejects.toMatchObject(uncertain);
  await down({ name: 'meshproof-bb', rigs: ['team-rig-0'], preprovisioned: true });
});

test('Removes nothing from a different cluster at the same address, and reports no removal', async ({ api, server, down }) => {
  await putRig(api, server, RIG, { owner: OWNER });
  identify(server, 'another');
  await expect(down({ name: OWNER, rigs: [RIG], uid: 'the-one' })).rejects.toMatchObject({ code: 'OTHER_CLUSTER' });
  expect(namespacesOf(server)).toHaveLength(4);
  await down({ name: OWNER, rigs: [RIG], uid: 'another' });
  expect(namespacesOf(server)).toEqual(['kube-system']);
});
