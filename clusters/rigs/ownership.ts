import { MeshproofError } from '../errors.ts';
import { nameOf, refOf, type LiveObject, type ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { FIELD_MANAGER, WORKLOADS, type ObjectApi, type RemoveOptions } from '../kubernetes/object-api.ts';
import { settled } from '../settled.ts';
import { OWNER_LABEL, RIG_LABEL } from './rig.ts';

/** An object with the record of who has changed which of its fields. */
interface Managed extends LiveObject {
  metadata: LiveObject['metadata'] & { managedFields?: { manager?: string; operation?: string }[] };
}

/** On what the adapters of meshes place for themselves. */
const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** Managers whose field ownership means that they apply the object from a source of their own, beside server-side appliers. */
const CLIENT_SIDE_APPLY = 'kubectl-client-side-apply';

/**
 * The object with the labels by which it is found again: the cluster it was made for and, where one is given, the rig. The pods of a workload get
 * them too, by which a network policy can tell them from others; no selector of ours asks for them.
 */
export function owned<T extends Manifest>(object: T, owner: string, rig?: string): T {
  const labels = { [OWNER_LABEL]: owner, ...(rig === undefined ? {} : { [RIG_LABEL]: rig }) };
  const labelled = { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } };
  const { spec } = object as { spec?: { template?: PodTemplate } };
  if (!WORKLOADS.includes(object.kind) || spec?.template === undefined) return labelled;
  const metadata = { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } };
  return { ...labelled, spec: { ...spec, template: { ...spec.template, metadata } } };
}

interface PodTemplate {
  metadata?: { labels?: Record<string, string> };
}

/** Everybody else who applies the object: it is theirs too, so it is not ours to remove or to overwrite. */
function otherAppliers({ metadata: { managedFields = [] } }: Managed): string[] {
  const others = managedFields.filter(
    ({ manager, operation }) => manager !== FIELD_MANAGER && (operation === 'Apply' || manager === CLIENT_SIDE_APPLY),
  );
  return [...new Set(others.map(({ manager }) => manager ?? 'somebody'))];
}

/**
 * Whether meshproof made the object, and nobody else applies it as well. A label alone is no proof: controllers copy labels.
 * @param owner the cluster for which it must have been made; default any
 */
export function isOurs(live: Managed, owner?: string): boolean {
  const { labels = {}, managedFields = [] } = live.metadata;
  const madeFor = labels[OWNER_LABEL];
  const marked = madeFor === undefined ? labels[MANAGED_BY] === FIELD_MANAGER : owner === undefined || madeFor === owner;
  return marked && managedFields.some(({ manager }) => manager === FIELD_MANAGER) && otherAppliers(live).length === 0;
}

/** Who made an object that is not ours, in words. */
function makerOf(live: Managed): string {
  const [manager] = otherAppliers(live);
  const other = manager ?? live.metadata.managedFields?.find((entry) => entry.manager !== FIELD_MANAGER)?.manager;
  return other === undefined ? `it is without the label ${OWNER_LABEL}` : `it was made or is managed by ${other}`;
}

/**
 * Makes sure that applying these objects would overwrite nothing that exists, unless meshproof made it for the same cluster.
 * @param namespace for namespaced objects that name none
 * @returns those that are there already, and ours
 * @throws MeshproofError `NOT_OURS` with the object's name and its maker
 */
export async function requireOurs<T extends Manifest>(
  api: ObjectApi,
  objects: readonly T[],
  { owner, namespace, signal }: { owner: string; namespace?: string | undefined; signal?: AbortSignal | undefined },
): Promise<ReadonlySet<T>> {
  const there = new Set<T>();
  const looks = objects.map(async (object) => {
    const ref = { ...refOf(object), namespace: object.metadata.namespace ?? namespace };
    const live = await api.find(ref, signal);
    if (live === undefined) return;
    const madeFor = live.metadata.labels?.[OWNER_LABEL];
    if (!isOurs(live) || madeFor !== owner) {
      const whose = isOurs(live) ? `meshproof made it for ${madeFor ?? ''}` : makerOf(live);
      throw new MeshproofError('NOT_OURS', `${nameOf({ ...ref, namespace: live.metadata.namespace })} exists already: ${whose}`, {
        hint: 'nothing was changed; remove or rename that object, or run on another cluster or in other namespaces',
      });
    }
    there.add(object);
  });
  await settled(looks);
  return there;
}

/**
 * Removes those of the objects that are still ours, and returns them as they were. Objects that others have made or apply too stay.
 * @param owner the cluster for which they must have been made; default any
 */
export async function removeOurs(
  api: ObjectApi,
  found: readonly LiveObject[],
  { owner, ...options }: RemoveOptions & { owner?: string } = {},
): Promise<LiveObject[]> {
  const ours = found.filter((live) => isOurs(live, owner));
  await api.remove(ours, options);
  return ours;
}

/** As `removeOurs`, of objects that were applied: each is looked at as it is now. */
export async function removeApplied(
  api: ObjectApi,
  objects: readonly Manifest[],
  { owner, namespace, ...options }: RemoveOptions & { owner: string },
): Promise<LiveObject[]> {
  const refs = objects.map((object) => ({ ...refOf(object), namespace: object.metadata.namespace ?? namespace }));
  return await removeOurs(api, await liveOf(api, refs, options.signal), { owner, ...options });
}

/** The objects that are there, each with its kind. */
export async function liveOf(api: ObjectApi, refs: readonly ObjectRef[], signal?: AbortSignal): Promise<LiveObject[]> {
  const found = await Promise.all(
    refs.map(async (ref) => {
      const live = await api.find(ref, signal);
      return live === undefined ? [] : [{ ...live, apiVersion: ref.apiVersion, kind: ref.kind }];
    }),
  );
  return found.flat();
}
