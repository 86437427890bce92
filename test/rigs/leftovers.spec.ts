import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { FACTS } from '../../clusters/istio/facts.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { leftThere } from '../../clusters/existing/leftovers.ts';
import { lower } from '../../clusters/existing/raise.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { neighbourOf, unmeshedOf } from '../../clusters/rigs/rig.ts';
import { expect, test as base } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';

const mesh = { facts: FACTS, injector: { mend: async () => undefined, cuts: async () => [] } } as unknown as MeshAdapter;

/** Holders of leases: a process of this machine that has ended, and one that runs. */
const test = base.extend<{ dead: object; alive: object }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner insists on a pattern
  dead: async ({}, use) => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
    await once(child, 'spawn');
    const identity = await identify(child.pid ?? 0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await use(identity);
  },
  // oxlint-disable-next-line no-empty-pattern -- the runner insists on a pattern
  alive: async ({}, use) => use(await identify(process.ppid)),
});

test.beforeEach(({ server }) => {
  server.kinds.set('apps/v1', [{ name: 'deployments', kind: 'Deployment', namespaced: true }]);
});

const deployment = (namespace: string, name: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
});

/** A rig in namespaces of its run's own, as far as anything looks at it. */
async function putRig(
  api: KubernetesApi,
  server: StandInApi,
  rig: string,
  { owner, ...lease }: { owner: string; holder?: object; stays?: boolean },
): Promise<void> {
  const namespaces = [rig, neighbourOf(rig), unmeshedOf(rig)].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await api.apply([...namespaces, deployment(rig, 'caller')].map((object) => owned(object, owner)));
  putLease(server, rig, { owner, ...lease });
}

function putLease(
  server: StandInApi,
  rig: string,
  { owner, holder, stays = false }: { owner: string; holder?: object; stays?: boolean },
): void {
  server.put(`/apis/coordination.k8s.io/v1/namespaces/${rig}/leases/meshproof`, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'meshproof',
      namespace: rig,
      labels: { 'meshproof.dev/owner': owner },
      annotations: {
        ...(holder === undefined ? {} : { 'meshproof.dev/holder': JSON.stringify(holder) }),
        ...(stays ? { 'meshproof.dev/stays': 'true' } : {}),
      },
    },
    spec: holder === undefined ? {} : { holderIdentity: 'somebody', leaseDurationSeconds: 1, renewTime: 'then' },
  });
}

async function find(api: KubernetesApi, options: { namespaces?: string; all?: boolean } = {}) {
  const spared: string[] = [];
  const leftovers = await leftThere(api, mesh, { ...options, spare: (what, why) => void spared.push(`${what}: ${why}`) }, {});
  return { leftovers, spared, named: leftovers.map(({ what }) => what) };
}

const namespacesOf = (server: StandInApi): string[] =>
  [...server.objects.keys()].filter((path) => /^\/api\/v1\/namespaces\/[^/]+$/.test(path)).map((path) => path.split('/').at(-1) ?? '');

test('a rig whose run is dead goes, with what its journal names; those of others stay', async ({ api, server, dead, alive }) => {
  await putRig(api, server, 'meshproof-dead-rig-0', { owner: 'meshproof-dead', holder: dead });
  await putRig(api, server, 'meshproof-live-rig-0', { owner: 'meshproof-live', holder: alive });
  await putRig(api, server, 'meshproof-kept-rig-0', { owner: 'meshproof-kept', stays: true });
  server.put('/api/v1/namespaces/shop', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });

  const { leftovers, named, spared } = await find(api);
  expect(named).toEqual(['meshproof-dead-rig-0, made for meshproof-dead']);
  expect(spared.toSorted()).toEqual([
    'meshproof-kept-rig-0: it was made to stay; --all removes it',
    'meshproof-live-rig-0: somebody uses it now',
  ]);
  for (const leftover of leftovers) await leftover.remove();
  expect(namespacesOf(server).filter((name) => name.startsWith('meshproof-dead'))).toEqual([]);
  expect(namespacesOf(server)).toEqual(expect.arrayContaining(['shop', 'meshproof-live-rig-0', 'meshproof-kept-rig-0']));
});

test('what was made to stay goes when that is asked for, and what is in use does not', async ({ api, server, alive }) => {
  await putRig(api, server, 'meshproof-live-rig-0', { owner: 'meshproof-live', holder: alive });
  await putRig(api, server, 'meshproof-live-rig-1', { owner: 'meshproof-live', stays: true });
  await putRig(api, server, 'meshproof-kept-rig-0', { owner: 'meshproof-kept', stays: true });
  const { named, spared } = await find(api, { all: true });
  expect(named).toEqual(['meshproof-kept-rig-0, made for meshproof-kept']);
  expect(spared).toContain('meshproof-live-rig-1: a run of meshproof-live is under way');
});

test('lent namespaces are emptied of what is ours, and stay', async ({ api, server, dead }) => {
  for (const name of ['lent-rig-0', 'lent-rig-0-neighbour', 'lent-rig-0-unmeshed']) {
    server.put(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await api.apply([owned(deployment('lent-rig-0', 'caller'), 'meshproof-x')]);
  server.put('/apis/apps/v1/namespaces/lent-rig-0/deployments/theirs', { ...deployment('lent-rig-0', 'theirs') });
  putLease(server, 'lent-rig-0', { owner: 'meshproof-x', holder: dead });

  const { leftovers, named } = await find(api, { namespaces: 'lent' });
  expect(named).toEqual(['lent-rig-0, made for meshproof-x']);
  for (const leftover of leftovers) await leftover.remove();
  const left = [...server.objects.keys()].filter((path) => path.includes('/lent-rig-0/'));
  expect(left).toEqual(['/apis/apps/v1/namespaces/lent-rig-0/deployments/theirs']);
  expect(namespacesOf(server)).toEqual(['lent-rig-0', 'lent-rig-0-neighbour', 'lent-rig-0-unmeshed']);
  expect((await find(api, { namespaces: 'lent' })).named).toEqual([]);
});

test('what is mesh-wide of a run whose rigs are gone goes too, and nothing that others made', async ({ api, server }) => {
  const policy = (name: string): Manifest => ({
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace: 'istio-system' },
  });
  await api.apply([owned(policy('default-strict'), 'meshproof-gone', 'meshproof-gone-rig-0')]);
  server.put('/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default', policy('default'));
  const { leftovers, named } = await find(api);
  expect(named).toEqual(['PeerAuthentication istio-system/default-strict, made for meshproof-gone']);
  for (const leftover of leftovers) await leftover.remove();
  expect([...server.objects.keys()].filter((path) => path.includes('peerauth'))).toHaveLength(1);
});

test('of a rig that was made to stay, what a check has left there goes', async ({ api, server, dead }) => {
  await putRig(api, server, 'meshproof-up-rig-0', { owner: 'meshproof-up', holder: dead, stays: true });
  const lease = server.objects.get('/apis/coordination.k8s.io/v1/namespaces/meshproof-up-rig-0/leases/meshproof');
  const left = owned({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left', namespace: 'meshproof-up-rig-0' } }, 'meshproof-up');
  await api.apply([left]);
  const entry = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'meshproof-up-rig-0', name: 'left' };
  Object.assign(lease?.metadata['annotations'] ?? {}, { 'meshproof.dev/journal': JSON.stringify({ objects: [entry] }) });
  const { leftovers, named } = await find(api);
  expect(named).toEqual(['what a check left on meshproof-up-rig-0']);
  for (const leftover of leftovers) await leftover.remove();
  expect([...server.objects.keys()].some((path) => path.endsWith('/left'))).toBe(false);
  expect(namespacesOf(server)).toHaveLength(3);
  expect(await find(api)).toMatchObject({ named: [], spared: ['meshproof-up-rig-0: it was made to stay; --all removes it'] });
});

test('what is mesh-wide of a run that lives elsewhere stays, whatever prefix its rigs have', async ({ api, server, alive }) => {
  const policy: Manifest = {
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default-strict', namespace: 'istio-system' },
  };
  await api.apply([owned(policy, 'meshproof-b', 'team-b-rig-0')]);
  putLease(server, 'team-b-rig-0', { owner: 'meshproof-b', holder: alive });
  const { named, spared } = await find(api);
  expect(named).toEqual([]);
  expect(spared).toEqual(['PeerAuthentication istio-system/default-strict, made for meshproof-b: somebody uses team-b-rig-0 now']);
});

test('lent namespaces that another run holds by now are not emptied by the one that had them before', async ({
  api,
  server,
  alive,
}, info) => {
  for (const name of ['lent-rig-0', 'lent-rig-0-neighbour', 'lent-rig-0-unmeshed']) {
    server.put(`/api/v1/namespaces/${name}`, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await api.apply([owned(deployment('lent-rig-0', 'caller'), 'meshproof-bbbb')]);
  putLease(server, 'lent-rig-0', { owner: 'meshproof-bbbb', holder: alive });
  const kubeconfig = server.writeKubeconfig(info.outputPath('kubeconfig-of-a'));
  const description = { name: 'meshproof-aaaa', provider: 'existing', kubeconfig, context: 'stand-in', mesh: 'istio' } as const;
  await lower({ ...description, rigs: ['lent-rig-0'], premade: true, versions: {}, timings: {} }, {});
  const left = [...server.objects.keys()].filter((path) => path.includes('/lent-rig-0/'));
  expect(left.map((path) => path.split('/').at(-1) ?? '').toSorted()).toEqual(['caller', 'meshproof']);
});

test('rigs of the same name that another machine made are not removed with one’s own', async ({ api, server, alive }, info) => {
  await putRig(api, server, 'meshproof-ci-rig-0', { owner: 'meshproof-ci', holder: alive });
  const kubeconfig = server.writeKubeconfig(info.outputPath('kubeconfig-of-a'));
  const description = { name: 'meshproof-ci', provider: 'existing', kubeconfig, context: 'stand-in', mesh: 'istio' } as const;
  const lowered = lower({ ...description, rigs: ['meshproof-ci-rig-0'], versions: {}, timings: {} }, {});
  await expect(lowered).rejects.toMatchObject({ code: 'RIG_IN_USE' });
  expect(namespacesOf(server)).toHaveLength(3);
});

test('a lent namespace that may not be looked at is told of, and an answer that tells nothing is none', async ({ api, server }) => {
  const refuse = (status: number): void => {
    const body = { kind: 'Status', message: 'not for you' };
    server.intercept = ({ path }) => (path === '/api/v1/namespaces/lent-rig-0' ? { status, body } : undefined);
  };
  refuse(403);
  expect((await find(api, { namespaces: 'lent' })).spared).toEqual([expect.stringMatching(/^lent-rig-0: .*may not see it/)]);
  refuse(500);
  await expect(find(api, { namespaces: 'lent' })).rejects.toMatchObject({ code: 'API_REFUSED', status: 500 });
});
