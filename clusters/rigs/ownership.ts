import { LEFT_BEHIND, MeshproofError } from '../errors.ts';
import { nameOf, refOf, type LiveObject, type ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { FIELD_MANAGER, WORKLOADS, type ObjectApi } from '../kubernetes/object-api.ts';
import type { RemoveOptions } from '../kubernetes/object-options.ts';
import { settled } from '../settled.ts';
import { OWNER_LABEL, RIG_LABEL } from './rig.ts';

/** The fields of an object that one manager owns, as the API server records them: `fieldsV1` has a member for each field. */
interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: { [field: string]: unknown; 'f:metadata'?: Partial<Record<'f:labels' | 'f:annotations', object>> };
}

/** An object with its managed fields. */
interface Managed extends LiveObject {
  metadata: LiveObject['metadata'] & { managedFields?: ManagedFields[] };
}

/** Set on objects that mesh adapters create. */
const MANAGED_BY = 'app.kubernetes.io/managed-by';
/** A manager of this name applies the object from its own source, as server-side appliers do. */
const CLIENT_SIDE_APPLY = 'kubectl-client-side-apply';

/**
 * Adds the labels by which an object is found later: the cluster and, if given, the rig. The pods of a workload get them too, so that a
 * network policy can tell them from others; none of meshproof's selectors use them.
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

/** Labels and annotations by which tools recognise the objects that they apply from their own source. */
const TRACKING =
  /^f:(?:argocd\.argoproj\.io|[a-z]+\.toolkit\.fluxcd\.io|meta\.helm\.sh|kapp\.k14s\.io|applyset\.kubernetes\.io|config\.(?:k8s|kubernetes)\.io|kubectl\.kubernetes\.io)\/|^f:app\.kubernetes\.io\/(?:instance|managed-by)$/;

/**
 * Whether an applier only writes the status of an object or adds labels to it, as platforms do with every namespace (OpenShift's
 * controllers apply the labels of Pod Security Admission). A namespace that others manage may also consist of labels only, but it has a
 * tracking label.
 */
function onlyDecorates({ subresource, fieldsV1 }: ManagedFields): boolean {
  if (subresource !== undefined && subresource !== '') return true;
  if (fieldsV1 === undefined) return false;
  const { 'f:metadata': metadata = {}, ...rest } = fieldsV1;
  const { 'f:labels': labels = {}, 'f:annotations': annotations = {}, ...others } = metadata;
  const keys = Object.keys({ ...labels, ...annotations });
  return Object.keys({ ...rest, ...others }).length === 0 && keys.length > 0 && !keys.some((key) => TRACKING.test(key));
}

/** All other appliers of the object. They own it too, so meshproof must not remove or overwrite it. */
function otherAppliers({ metadata: { managedFields = [] } }: Managed): string[] {
  const applies = ({ manager, operation }: ManagedFields): boolean => operation === 'Apply' || manager === CLIENT_SIDE_APPLY;
  const others = managedFields.filter((entry) => entry.manager !== FIELD_MANAGER && applies(entry) && !onlyDecorates(entry));
  return [...new Set(others.map(({ manager }) => manager ?? 'an unnamed manager'))];
}

/**
 * Whether meshproof created the object and nobody else applies it. A label alone proves nothing, because controllers copy labels.
 * @param owner the cluster that it must have been created for; default any
 */
export function isOurs(live: Managed, owner?: string): boolean {
  return isMadeFor(live, owner) && otherAppliers(live).length === 0;
}

/** Whether an object is labelled as meshproof's, for any cluster. Only for uses that change nothing. */
export function isOfMeshproof({ metadata: { labels = {} } }: Manifest): boolean {
  return labels[OWNER_LABEL] !== undefined || labels[MANAGED_BY] === FIELD_MANAGER;
}

/** Whether meshproof created the object, even if others apply it too by now. */
export function isMadeFor({ metadata: { labels = {}, managedFields = [] } }: Managed, owner?: string): boolean {
  const madeFor = labels[OWNER_LABEL];
  const marked = madeFor === undefined ? labels[MANAGED_BY] === FIELD_MANAGER : owner === undefined || madeFor === owner;
  return marked && managedFields.some(({ manager }) => manager === FIELD_MANAGER);
}

/**
 * Whether meshproof itself set a label on an object, whoever created the object: a copied pod has the labels of the original, and others
 * may set them.
 */
export function hasLabelled({ metadata: { managedFields = [] } }: Managed, label: string): boolean {
  return managedFields.some(
    ({ manager, fieldsV1 }) => manager === FIELD_MANAGER && `f:${label}` in (fieldsV1?.['f:metadata']?.['f:labels'] ?? {}),
  );
}

/** Describes who created an object that is not meshproof's. */
export function makerOf(live: Managed): string {
  const [manager] = otherAppliers(live);
  const other = manager ?? live.metadata.managedFields?.find((entry) => entry.manager !== FIELD_MANAGER)?.manager;
  return other === undefined ? `it lacks the label ${OWNER_LABEL}` : `it was created or is managed by ${other}`;
}

/** The name of an object that is not meshproof's, and who created it. */
export const nameWithMaker = (live: Managed): string => `${nameOf(refOf(live))}: ${makerOf(live)}`;

/**
 * Ensures that applying these objects overwrites none that exists, unless meshproof created it for the same cluster.
 * @param namespace for namespaced objects without one
 * @returns the objects that exist already and are meshproof's
 * @throws MeshproofError `NOT_OURS` with the name and creator of the object
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
      const whose = isOurs(live) ? `meshproof created it for ${madeFor ?? ''}` : makerOf(live);
      throw new MeshproofError('NOT_OURS', `${nameOf({ ...ref, namespace: live.metadata.namespace })} already exists: ${whose}`, {
        hint: 'nothing was changed; remove or rename that object, or run on another cluster or in other namespaces',
      });
    }
    there.add(object);
  });
  await settled(looks);
  return there;
}

/** The result of removing objects. */
export interface Removal {
  removed: LiveObject[];
  /** Objects that meshproof created but others apply too by now; they are kept. */
  shared: LiveObject[];
}

/** The names of what was cleaned up, and of what is left with the reason. */
export interface TakenBack {
  back: string[];
  left: string[];
}

/** @throws MeshproofError `LEFT_BEHIND` if something could not be removed */
export function requireAllBack({ left }: Pick<TakenBack, 'left'>): void {
  if (left.length === 0) return;
  throw new MeshproofError(LEFT_BEHIND, `not removed because others also manage it: ${left.join('; ')}`, {
    hint: 'remove it, or whatever applies it, by hand and try again',
  });
}

/** Removes the given objects that meshproof still owns. Keeps objects that others created or also apply. */
export async function removeOurs(
  api: ObjectApi,
  found: readonly LiveObject[],
  { owner, ...options }: RemoveOptions & { owner: string },
): Promise<Removal> {
  const made = found.filter((live) => isMadeFor(live, owner));
  const removed = made.filter((live) => isOurs(live, owner));
  await api.remove(removed, options);
  return { removed, shared: made.filter((live) => !removed.includes(live)) };
}

/** Like `removeOurs`, but reads the current state of each object first. */
export async function removeApplied(
  api: ObjectApi,
  objects: readonly Manifest[],
  { owner, namespace, ...options }: RemoveOptions & { owner: string },
): Promise<Removal> {
  const refs = objects.map((object) => ({ ...refOf(object), namespace: object.metadata.namespace ?? namespace }));
  return await removeOurs(api, await liveOf(api, refs, options.signal), { owner, ...options });
}

/** The objects that exist, each with its kind. */
export async function liveOf(api: ObjectApi, refs: readonly ObjectRef[], signal?: AbortSignal): Promise<LiveObject[]> {
  const found = await Promise.all(
    refs.map(async (ref) => {
      const live = await api.find(ref, signal);
      return live === undefined ? [] : [{ ...live, apiVersion: ref.apiVersion, kind: ref.kind }];
    }),
  );
  return found.flat();
}
