import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { MeshAdapter } from '../mesh.ts';
import type { Work } from '../work.ts';
import { ACTOR_LABEL, ACTORS, OWNER_LABEL, neighbourOf, outsideOf, rigNamespaces, rigObjects } from './rig.ts';

interface Pod extends LiveObject {
  spec?: { containers?: { image?: string }[] };
}

export interface RigsOptions {
  count: number;
  /** The sample services' image. */
  image: string;
  /** Value of the owner label, by which everything is found again. */
  owner: string;
}

/** Makes rigs side by side and returns their namespaces once every pod is ready. */
export async function deployRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { count, image, owner }: RigsOptions,
  work: Work,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${owner}-rig-${index}`);
  await Promise.all(names.map((name) => deployRig(api, mesh, name, { image, owner }, work)));
  return names;
}

async function deployRig(
  api: KubernetesApi,
  mesh: MeshAdapter,
  name: string,
  { image, owner }: Omit<RigsOptions, 'count'>,
  work: Work,
): Promise<void> {
  work.progress?.(`deploying ${name}`);
  const signal = work.signal === undefined ? {} : { signal: work.signal };
  await api.apply([...rigNamespaces(name, mesh, owner), ...rigObjects(name, image)], signal);
  const waiting = { timeoutMs: 180_000, ...work };
  await Promise.all([
    api.podsReady(name, ACTOR_LABEL, ACTORS.length - 2, waiting),
    api.podsReady(neighbourOf(name), ACTOR_LABEL, 1, waiting),
    api.podsReady(outsideOf(name), ACTOR_LABEL, 1, waiting),
  ]);
}

/** Removes a rig with all that is in it, and makes it anew under the same name with the same image. */
export async function replaceRig(api: KubernetesApi, mesh: MeshAdapter, name: string, work: Work = {}): Promise<void> {
  const namespace = await api.get({ apiVersion: 'v1', kind: 'Namespace', name });
  const pods = await api.list<Pod>('v1', 'Pod', { namespace: outsideOf(name), labelSelector: ACTOR_LABEL });
  const owner = namespace?.metadata.labels?.[OWNER_LABEL];
  const image = pods[0]?.spec?.containers?.[0]?.image;
  if (owner === undefined || image === undefined) {
    throw new MeshproofError('RIG_INCOMPLETE', `${name} no longer says what it was made of`, { hint: 'meshproof down, then up' });
  }
  await api.remove(rigNamespaces(name, mesh, owner), { ...work, timeoutMs: 180_000 });
  await deployRig(api, mesh, name, { image, owner }, work);
}

/** Removes every namespace of an owner, and waits until they are gone. */
export async function removeRigs(api: KubernetesApi, owner: string, work: Work): Promise<void> {
  const namespaces = await api.list('v1', 'Namespace', { labelSelector: `${OWNER_LABEL}=${owner}` });
  work.progress?.(`removing ${namespaces.length} namespaces`);
  await api.remove(namespaces, { ...work, timeoutMs: 180_000 });
}
