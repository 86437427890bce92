import type { KubernetesApi } from '../kubernetes/api.ts';
import type { MeshAdapter } from '../mesh.ts';
import type { Work } from '../work.ts';
import { ACTOR_LABEL, ACTORS, OWNER_LABEL, neighbourOf, outsideOf, rigNamespaces, rigObjects } from './rig.ts';

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

/** Removes every namespace of an owner, and waits until they are gone. */
export async function removeRigs(api: KubernetesApi, owner: string, work: Work): Promise<void> {
  const namespaces = await api.list('v1', 'Namespace', { labelSelector: `${OWNER_LABEL}=${owner}` });
  work.progress?.(`removing ${namespaces.length} namespaces`);
  await api.remove(namespaces, { ...work, timeoutMs: 180_000 });
}
