import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { Work } from '../work.ts';
import { clearNamespaces } from './clear.ts';
import { copyLease, leaseRef, type LeaseObject } from './lease.ts';
import { owned, requireOurs } from './ownership.ts';
import { ACTOR_LABEL, ACTORS, OWNER_LABEL, neighbourOf, unmeshedOf, rigNamespaces, rigObjects } from './rig.ts';

interface Sample extends LiveObject {
  spec?: { template?: { metadata?: { annotations?: Record<string, string> }; spec?: { containers?: { image?: string }[] } } };
}

export interface RigsOptions {
  count: number;
  /** The sample services' image. */
  image: string;
  /** Value of the owner label, by which everything is found again. */
  owner: string;
  /** Annotations of the pods that get a proxy; default none. */
  annotations?: Record<string, string>;
}

/** Rigs whose namespaces are somebody else's and stay. */
export interface PremadeOptions extends Omit<RigsOptions, 'count'> {
  /** Names of the rigs. */
  rigs: readonly string[];
}

/** Makes rigs side by side and returns their namespaces once every pod is ready. */
export async function deployRigs(api: KubernetesApi, mesh: MeshAdapter, { count, ...options }: RigsOptions, work: Work): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${options.owner}-rig-${index}`);
  await Promise.all(names.map((name) => deployRig(api, mesh, name, rigNamespaces(name, mesh.facts, options.owner), options, work)));
  return names;
}

/** As `deployRigs`, in namespaces that are there. */
export async function deployPremade(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { rigs, ...options }: PremadeOptions,
  work: Work,
): Promise<void> {
  await Promise.all(rigs.map((name) => deployRig(api, mesh, name, [], options, work)));
}

async function deployRig(
  api: KubernetesApi,
  { facts }: MeshAdapter,
  name: string,
  namespaces: readonly Manifest[],
  { image, owner, annotations }: Omit<RigsOptions, 'count'>,
  work: Work,
): Promise<void> {
  work.progress?.(`deploying ${name}`);
  const signal = work.signal === undefined ? {} : { signal: work.signal };
  const objects = [...namespaces, ...rigObjects(name, image, facts, annotations)].map((object) => owned(object, owner));
  await requireOurs(api, objects, { owner, ...signal });
  await api.apply(objects, signal);
  const waiting = { timeoutMs: 180_000, ...work };
  await Promise.all([
    api.podsReady(name, ACTOR_LABEL, ACTORS.length - 2, waiting),
    api.podsReady(neighbourOf(name), ACTOR_LABEL, 1, waiting),
    api.podsReady(unmeshedOf(name), ACTOR_LABEL, 1, waiting),
  ]);
}

/** Removes a rig with all that is in it, and makes it anew under the same name with the same image. Namespaces of others are emptied of what is ours. */
export async function replaceRig(api: KubernetesApi, mesh: MeshAdapter, name: string, work: Work = {}): Promise<void> {
  const namespace = await api.get({ apiVersion: 'v1', kind: 'Namespace', name });
  const sample = await api.get<Sample>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: name, name: 'caller' });
  const owner = sample?.metadata.labels?.[OWNER_LABEL];
  const template = sample?.spec?.template;
  const image = template?.spec?.containers?.[0]?.image;
  if (owner === undefined || image === undefined) {
    throw new MeshproofError('RIG_INCOMPLETE', `${name} no longer says what it was made of`, { hint: 'meshproof down, then up' });
  }
  const options = { image, owner, annotations: template?.metadata?.annotations ?? {} };
  const own = namespace?.metadata.labels?.[OWNER_LABEL] === undefined ? [] : rigNamespaces(name, mesh.facts, owner);
  const waiting = { ...work, timeoutMs: 180_000 };
  const lease = await api.find<LeaseObject>(leaseRef(name), work.signal);
  if (own.length === 0) await clearNamespaces(api, mesh, [name, neighbourOf(name), unmeshedOf(name)], waiting);
  else await api.remove(own, waiting);
  await deployRig(api, mesh, name, own, options, work);
  if (own.length > 0) await copyLease(api, lease, name, owner);
}

/** Makes one more rig, of the same image as another one that stays as it is. */
export async function deployBeside(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { like, name, owner }: { like: string; name: string; owner: string },
  work: Work = {},
): Promise<void> {
  const sample = await api.get<Sample>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: like, name: 'caller' });
  const template = sample?.spec?.template;
  const image = template?.spec?.containers?.[0]?.image;
  if (image === undefined)
    throw new MeshproofError('RIG_INCOMPLETE', `${like} no longer says what it was made of`, { hint: 'meshproof down, then up' });
  await deployRig(
    api,
    mesh,
    name,
    rigNamespaces(name, mesh.facts, owner),
    { image, owner, annotations: template?.metadata?.annotations ?? {} },
    work,
  );
  await copyLease(api, await api.find<LeaseObject>(leaseRef(like), work.signal), name, owner);
}
