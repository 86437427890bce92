import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { TaskContext } from '../task-context.ts';
import { agentName, agentProgram, type SampleOptions } from './agent.ts';
import { clearNamespaces } from './clear.ts';
import { copyLease, leaseRef, type LeaseObject } from './lease.ts';
import { notMade } from './listed.ts';
import { ownNamespaces } from './own-namespaces.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { nameWithMaker, owned, removeOurs, requireAllBack, requireOurs } from './ownership.ts';
import { requireProxies } from './proxies.ts';
import { pullCredentialsOf } from './pull-secret.ts';
import { ACTOR_LABEL, SAMPLE_WORKLOADS, neighbourOf, unmeshedOf, rigNamespaces, rigObjects } from './rig.ts';

interface Sample extends LiveObject {
  spec?: {
    template?: {
      metadata?: { annotations?: Record<string, string> };
      spec?: { containers?: { image?: string }[]; volumes?: { configMap?: { name: string } }[]; imagePullSecrets?: unknown };
    };
  };
}

export interface RigsOptions extends SampleOptions {
  count: number;
  /** Value of the owner label, by which everything is found later. */
  owner: string;
  /** Annotations of pods with a proxy; default none. */
  annotations?: Record<string, string>;
}

/** Rigs in namespaces that the cluster's owner created and that are kept. */
export interface PreprovisionedOptions extends Omit<RigsOptions, 'count'> {
  /** Names of the rigs. */
  rigs: readonly string[];
}

/** Deploys rigs in parallel and returns their namespaces once every pod is ready. */
export async function deployRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { count, ...options }: RigsOptions,
  task: TaskContext,
): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${options.owner}-rig-${index}`);
  const { namespaces } = await mesh.settings(task);
  await Promise.all(names.map((name) => deployRig(api, mesh, name, rigNamespaces(name, namespaces, options.owner), options, task)));
  return names;
}

/** Like `deployRigs`, in existing namespaces. */
export async function deployPreprovisioned(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { rigs, ...options }: PreprovisionedOptions,
  task: TaskContext,
): Promise<void> {
  await Promise.all(rigs.map((name) => deployRig(api, mesh, name, [], options, task)));
}

async function deployRig(
  api: KubernetesApi,
  { facts }: MeshAdapter,
  name: string,
  namespaces: readonly Manifest[],
  { owner, annotations, ...samples }: Omit<RigsOptions, 'count'>,
  task: TaskContext,
): Promise<void> {
  task.progress?.(`deploying ${name}`);
  const signal = task.signal === undefined ? {} : { signal: task.signal };
  const objects = [...namespaces, ...rigObjects(name, samples, facts, annotations)].map((object) => owned(object, owner));
  await requireOurs(api, objects, { owner, ...signal });
  await api.apply(objects, signal);
  const waiting = { timeoutMs: 180_000, ...task };
  const pods = await Promise.all([
    api.podsReady(name, ACTOR_LABEL, SAMPLE_WORKLOADS.length - 2, waiting),
    api.podsReady(neighbourOf(name), ACTOR_LABEL, 1, waiting),
    api.podsReady(unmeshedOf(name), ACTOR_LABEL, 1, waiting),
  ]);
  requireProxies(pods.flat(), facts);
}

/**
 * Removes a rig completely and deploys it again under the same name with the same image. In preprovisioned namespaces only meshproof's
 * objects are removed.
 * @throws MeshproofError `LEFT_BEHIND` or `NOT_OURS` if others also manage some of it
 */
export async function replaceRig(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { name, owner, preprovisioned }: { name: string; owner: string; preprovisioned: boolean },
  task: TaskContext = {},
): Promise<void> {
  const made = await madeOf(api, name);
  const waiting = { ...task, timeoutMs: 180_000, owner };
  const lease = await api.find<LeaseObject>(leaseRef(name), task.signal);
  const places = [name, neighbourOf(name), unmeshedOf(name)];
  const left = preprovisioned ? await clearNamespaces(api, mesh, places, { ...waiting, unseen: notMade }) : [];
  const { shared } = await removeOurs(api, await ownNamespaces(api, { owner, rigs: [name], preprovisioned }, task), waiting);
  requireAllBack({ left: [...left, ...shared.map(nameWithMaker)] });
  const { namespaces } = await mesh.settings(task);
  await deployRig(api, mesh, name, preprovisioned ? [] : rigNamespaces(name, namespaces, owner), { ...made, owner }, task);
  if (!preprovisioned) await copyLease(api, lease, name, owner);
}

/**
 * Replaces the rigs whose samples run the agent of another version, which may not support what the checks of this version request. Call it
 * while this process holds their leases.
 * @throws the errors of `replaceRig`
 */
export async function replaceOutdated(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { rigs, owner, preprovisioned }: { rigs: readonly string[]; owner: string; preprovisioned: boolean },
  task: TaskContext = {},
): Promise<void> {
  const wanted = agentName(await agentProgram());
  const isOutdated = async (rig: string): Promise<boolean> =>
    (await sampleOf(api, rig))?.spec?.template?.spec?.volumes?.some(({ configMap }) => configMap?.name === wanted) === false;
  const outdated = (await Promise.all(rigs.map(async (rig) => ((await isOutdated(rig)) ? [rig] : [])))).flat();
  if (outdated.length > 0) task.progress?.(`replacing ${outdated.join(', ')}: its samples run the agent of another version`);
  await Promise.all(outdated.map((name) => replaceRig(api, mesh, { name, owner, preprovisioned }, task)));
}

const sampleOf = (api: KubernetesApi, rig: string): Promise<Sample | undefined> =>
  api.get<Sample>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: rig, name: 'caller' });

/**
 * The options that a rig was created with, except for the agent, which is that of this checkout. @throws MeshproofError `RIG_INCOMPLETE`
 */
export async function madeOf(api: KubernetesApi, rig: string): Promise<SampleOptions & Pick<RigsOptions, 'annotations'>> {
  const sample = await sampleOf(api, rig);
  const template = sample?.spec?.template;
  const image = template?.spec?.containers?.[0]?.image;
  if (image === undefined)
    throw new MeshproofError('RIG_INCOMPLETE', `${rig} no longer records how it was created`, {
      hint: 'run `npx meshproof down`, then `npx meshproof up`',
    });
  const credentials = template?.spec?.imagePullSecrets === undefined ? undefined : await pullCredentialsOf(api, rig);
  return { image, agent: await agentProgram(), annotations: template?.metadata?.annotations ?? {}, ...omitUndefined({ credentials }) };
}

/** Deploys another rig with the same image as an existing one, which stays unchanged. */
export async function deployBeside(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { like, name, owner }: { like: string; name: string; owner: string },
  task: TaskContext = {},
): Promise<void> {
  const { namespaces } = await mesh.settings(task);
  await deployRig(api, mesh, name, rigNamespaces(name, namespaces, owner), { ...(await madeOf(api, like)), owner }, task);
  await copyLease(api, await api.find<LeaseObject>(leaseRef(like), task.signal), name, owner);
}
