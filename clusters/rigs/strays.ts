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

/** Something that a check created outside the rigs' namespaces, an injector that it disabled, or a pod that it put under a fault. */
export interface Stray {
  name: string;
  owner: string;
  /** The rig of the check; undefined if unknown. */
  rig: string | undefined;
  /** The created object. Without `object` and `pod`, the stray is an injector. */
  object?: LiveObject;
  /** The pod that a fault affected, whoever created it. */
  pod?: LiveObject;
}

/** Finds what checks of all owners left in the mesh's root namespace and cluster-wide; a journal may have been deleted with its rig. */
export async function strays(api: KubernetesApi, mesh: MeshAdapter, unseen: Unseen, { signal }: TaskContext): Promise<Stray[]> {
  const namespace = await rootNamespace(mesh, unseen, signal);
  const places = [
    ...mesh.facts.schemas().newest.map((kind) => ({ kind, where: { namespace } })),
    ...CLUSTER_WIDE.map((kind) => ({ kind, where: {} })),
  ];
  const labelled = { labelSelector: OWNER_LABEL, ...omitUndefined({ signal }) };
  const [outages, faulted, ...lists] = await Promise.all([
    unlessForbidden(mesh.injector.outages(), () => unseen('a disabled injector')),
    // An account that may not list pods cannot have put one under a fault.
    faultedPods(api, omitUndefined({ signal })),
    ...places.map(({ kind, where }) => listed(api, kind, { ...where, ...labelled }, unseen)),
  ]);
  const made = lists.flat().filter((object) => isMadeFor(object));
  return [...outages, ...faulted, ...made.map((object) => ({ ...madeFor(object), name: nameOf(refOf(object)), object }))];
}

/** The mesh's root namespace, or its usual one if the mesh is gone or the account may not ask. */
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
 * Reverts what checks on an owner's rigs left in the mesh's root namespace and cluster-wide, restores an injector that they disabled, and
 * replaces pods that they left under a fault. A run on another machine may have the same owner name, so a stray of a rig not listed here is
 * kept while that rig is in use.
 * @param kept rigs to leave unchanged
 */
export async function revertStrays(
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
 * Ends the faults that a killed process left on a rig whose lease this process holds, and which the journal does not record: restores a
 * disabled injector, and replaces affected pods.
 * @returns the names of what was ended
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

/** The reason why what a check created for a rig is not left over; undefined if it is. */
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
