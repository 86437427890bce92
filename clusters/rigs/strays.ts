import { causeOf } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { nameOf, refOf, type LiveObject } from '../kubernetes/live-object.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { settled } from '../settled.ts';
import type { TaskContext } from '../task-context.ts';
import { faultedPods, replaceFaulted } from './faulted-pods.ts';
import { isHeld, judgeLease, ownerOf } from './lease.ts';
import { listed, notMade, unlessForbidden, type Kind, type Unseen } from './listed.ts';
import { isMadeFor, nameWithMaker, removeOurs, type Removal, type TakenBack } from './ownership.ts';
import { OWNER_LABEL, RIG_LABEL } from './rig.ts';

const CLUSTER_WIDE: readonly Kind[] = [
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
];

/** Something that a check has made outside of the rigs' namespaces, an injector that it has cut off, or a pod that it has put under a fault. */
export interface Stray {
  name: string;
  owner: string;
  /** Whose check it was; undefined where it does not say. */
  rig: string | undefined;
  /** What was made. Without it and `pod` the stray is an injector. */
  object?: LiveObject;
  /** What a fault has changed, whoever made it. */
  pod?: LiveObject;
}

/** What checks have left in the mesh's root namespace and cluster-wide, for all owners: a journal may have gone with its rig. */
export async function strays(api: KubernetesApi, mesh: MeshAdapter, unseen: Unseen, { signal }: TaskContext): Promise<Stray[]> {
  const namespace = await rootNamespace(mesh, unseen, signal);
  const places = [
    ...mesh.facts.schemas().newest.map((kind) => ({ kind, where: { namespace } })),
    ...CLUSTER_WIDE.map((kind) => ({ kind, where: {} })),
  ];
  const labelled = { labelSelector: OWNER_LABEL, ...omitUndefined({ signal }) };
  const [outages, faulted, ...lists] = await Promise.all([
    unlessForbidden(mesh.injector.outages(), () => unseen('a disabled injector')),
    // Whoever may not list pods could not have put one under a fault.
    faultedPods(api, omitUndefined({ signal })),
    ...places.map(({ kind, where }) => listed(api, kind, { ...where, ...labelled }, unseen)),
  ]);
  const made = lists.flat().filter((object) => isMadeFor(object));
  return [...outages, ...faulted, ...made.map((object) => ({ ...madeFor(object), name: nameOf(refOf(object)), object }))];
}

/** Where the mesh has it, or usually would: it may be gone, or not be ours to ask. */
async function rootNamespace(mesh: MeshAdapter, unseen: Unseen, signal: AbortSignal | undefined): Promise<string> {
  return await mesh.settings(omitUndefined({ signal })).then(
    (settings) => settings.rootNamespace,
    () => {
      signal?.throwIfAborted();
      const { usualNamespace } = mesh.facts;
      unseen(`mesh-wide configuration outside ${usualNamespace}`);
      return usualNamespace;
    },
  );
}

function madeFor({ metadata: { labels = {} } }: LiveObject): Pick<Stray, 'owner' | 'rig'> {
  return { owner: labels[OWNER_LABEL] ?? '', rig: labels[RIG_LABEL] };
}

/**
 * Takes back what checks on an owner's rigs have left in the mesh's root namespace and cluster-wide, puts back an injector that they cut off, and
 * replaces pods that they left under a fault.
 * Another machine may have given its run the same name: what is of no rig named here stays while that rig is in use.
 * @param kept rigs that are left as they are
 */
export async function takeBackStrays(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, kept }: { owner: string; rigs: readonly string[]; kept: readonly string[] },
  task: TaskContext,
): Promise<TakenBack> {
  const found = (await strays(api, mesh, notMade, task)).filter((one) => one.owner === owner && !kept.includes(one.rig ?? ''));
  const judged = await Promise.all(
    found.map(async (stray) => ({ ...stray, used: rigs.includes(stray.rig ?? '') ? undefined : await inUse(api, stray, task) })),
  );
  const idle = judged.filter(({ used }) => used === undefined);
  const objects = idle.flatMap(({ object }) => object ?? []);
  const pods = idle.flatMap(({ pod }) => pod ?? []);
  const isDisabled = idle.length > objects.length + pods.length;
  const [removal] = await settled<Removal | void>([
    removeOurs(api, objects, { ...task, owner }),
    isDisabled ? mesh.injector.restore(owner) : Promise.resolve(),
    replaceFaulted(api, pods, task),
  ]);
  const { removed, shared } = removal ?? { removed: [], shared: [] };
  const others = judged.flatMap(({ name, used }) => (used === undefined ? [] : [`${name}: ${used}`]));
  return { back: [...removed, ...pods].map((live) => nameOf(refOf(live))), left: [...shared.map(nameWithMaker), ...others] };
}

/**
 * Ends what faults of a killed process have left of a rig whose lease is ours, and of which its journal tells nothing: an injector that is cut off is
 * put back, and pods whose surroundings are changed are replaced.
 * @returns what that was, by name
 */
export async function endLeftFaults(
  api: KubernetesApi,
  mesh: MeshAdapter,
  of: { owner: string; rig: string },
  task: TaskContext = {},
): Promise<string[]> {
  const [outages, faulted] = await Promise.all([unlessForbidden(mesh.injector.outages(), () => undefined), faultedPods(api, task)]);
  const isOfRig = ({ owner, rig }: Stray): boolean => owner === of.owner && rig === of.rig;
  const cut = outages.filter(isOfRig);
  const changed = faulted.filter(isOfRig);
  await settled([
    cut.length > 0 ? mesh.injector.restore(of.owner) : Promise.resolve(),
    replaceFaulted(
      api,
      changed.map(({ pod }) => pod),
      task,
    ),
  ]);
  return [...cut, ...changed].map(({ name }) => name);
}

/** Why what a check of an owner has made for a rig is not left over, as far as can be seen; undefined where it is. */
export async function inUse(
  api: KubernetesApi,
  { rig, owner }: Pick<Stray, 'owner' | 'rig'>,
  task: TaskContext,
): Promise<string | undefined> {
  if (rig === undefined) return 'it does not name its rig';
  try {
    const { holding, lease } = await judgeLease(api, rig, task);
    const isOwners = lease !== undefined && ownerOf(lease) === owner;
    return isOwners && isHeld(holding) ? `${lease?.spec?.holderIdentity ?? 'a run'} is using ${rig}` : undefined;
  } catch (error) {
    return `it is unknown whether ${rig} is in use: ${causeOf(error)}`;
  }
}
