import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { leftThere } from '../../clusters/existing/leftovers.ts';
import { deprovision } from '../../clusters/existing/deprovision.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { FACTS } from '../../clusters/istio/facts.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import type { MeshSettings } from '../../clusters/mesh/settings.ts';
import { owned } from '../../clusters/rigs/ownership.ts';
import { neighbourOf, unmeshedOf } from '../../clusters/rigs/rig.ts';
import { test as base } from '../kubernetes/on-stand-in.ts';
import type { StandInApi } from '../kubernetes/stand-in-api.ts';

/** The default settings. */
export const SETTINGS: MeshSettings = {
  controlPlane: 'default',
  controlPlaneNamespace: 'istio-system',
  rootNamespace: 'istio-system',
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  injection: { label: 'istio-injection', value: 'enabled' },
  namespaces: { meshed: { labels: { 'istio-injection': 'enabled' } }, unmeshed: {} },
};

export const mesh = {
  facts: FACTS,
  settings: async () => SETTINGS,
  injector: { restore: async () => undefined, outages: async () => [] },
} as unknown as MeshAdapter;

interface Rigs {
  /** Lease holders: a process of this machine that has ended, and a running one. */
  dead: object;
  alive: object;
  /** Removes a cluster's rigs. */
  down: (cluster: Pick<ClusterDescription, 'name' | 'rigs'> & Partial<ClusterDescription>) => Promise<void>;
}

export const test = base.extend<Rigs>({
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
  down: async ({ server }, use, info) => {
    const place = { kubeconfig: server.writeKubeconfig(info.outputPath('kubeconfig-of-a')), context: 'stand-in' };
    await use((cluster) => deprovision({ provider: 'existing', mesh: 'istio', ...place, versions: {}, timings: {}, ...cluster }, {}));
  },
});

export const strict: Manifest = {
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default-strict', namespace: 'istio-system' },
};

export const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** Adds the namespaces of a rig that the cluster's owner created. */
export function putPreprovisioned(server: StandInApi, rig: string): void {
  for (const name of [rig, neighbourOf(rig), unmeshedOf(rig)]) server.put(`/api/v1/namespaces/${name}`, namespace(name));
}

/** Makes another manager apply an object as well: all of it, or only labels. */
export function applyAlso(server: StandInApi, path: string, manager: string, fieldsV1?: object): void {
  const fields = server.objects.get(path)?.metadata['managedFields'] as object[];
  fields.push({ manager, operation: 'Apply', ...(fieldsV1 === undefined ? {} : { fieldsV1 }) });
}

export const deployment = (namespace: string, name: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
});

/** Adds a rig in namespaces that its run created, with only the fields that are read. */
export async function putRig(
  api: KubernetesApi,
  server: StandInApi,
  rig: string,
  { owner, ...lease }: { owner: string; holder?: object; stays?: boolean },
): Promise<void> {
  const namespaces = [rig, neighbourOf(rig), unmeshedOf(rig)].map(namespace);
  await api.apply([...namespaces, deployment(rig, 'caller')].map((object) => owned(object, owner)));
  putLease(server, rig, { owner, ...lease });
}

export function putLease(
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
    spec: holder === undefined ? {} : { holderIdentity: 'alice', leaseDurationSeconds: 1, renewTime: 'then' },
  });
}

export async function find(api: KubernetesApi, options: { namespaces?: string; all?: boolean } = {}) {
  const spared: string[] = [];
  const leftovers = await leftThere(api, mesh, { ...options, spare: (what, why) => void spared.push(`${what}: ${why}`) }, {});
  return { leftovers, spared, named: leftovers.map(({ what }) => what) };
}

export const namespacesOf = (server: StandInApi): string[] =>
  [...server.objects.keys()].filter((path) => /^\/api\/v1\/namespaces\/[^/]+$/.test(path)).map((path) => path.split('/').at(-1) ?? '');

export { expect } from '../kubernetes/on-stand-in.ts';
