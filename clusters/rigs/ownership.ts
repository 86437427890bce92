import { LEFT_BEHIND, MeshproofError } from '../errors.ts';
import { nameOf, refOf, type LiveObject, type ObjectRef } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { FIELD_MANAGER, WORKLOADS, type ObjectApi } from '../kubernetes/object-api.ts';
import type { RemoveOptions } from '../kubernetes/object-options.ts';
import { settled } from '../settled.ts';
import { OWNER_LABEL, RIG_LABEL } from './rig.ts';

/** What one manager has written of an object, as the API server records it: `fieldsV1` has a member for each field. */
interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: { [field: string]: unknown; 'f:metadata'?: Partial<Record<'f:labels' | 'f:annotations', object>> };
}

/** An object with the record of who has changed which of its fields. */
interface Managed extends LiveObject {
  metadata: LiveObject['metadata'] & { managedFields?: ManagedFields[] };
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

/** Labels and annotations by which tools know the whole objects that they apply from a source of their own. */
const TRACKING =
  /^f:(?:argocd\.argoproj\.io|[a-z]+\.toolkit\.fluxcd\.io|meta\.helm\.sh|kapp\.k14s\.io|applyset\.kubernetes\.io|config\.(?:k8s|kubernetes)\.io|kubectl\.kubernetes\.io)\/|^f:app\.kubernetes\.io\/(?:instance|managed-by)$/;

/**
 * Whether an applier only reports on the object, or decorates it, as platforms do that label every namespace (OpenShift's controllers apply the
 * labels of Pod Security Admission). A namespace of others consists of labels alone too, but carries the mark of what applies it.
 */
function onlyDecorates({ subresource, fieldsV1 }: ManagedFields): boolean {
  if (subresource !== undefined && subresource !== '') return true;
  if (fieldsV1 === undefined) return false;
  const { 'f:metadata': metadata = {}, ...rest } = fieldsV1;
  const { 'f:labels': labels = {}, 'f:annotations': annotations = {}, ...others } = metadata;
  const keys = Object.keys({ ...labels, ...annotations });
  return Object.keys({ ...rest, ...others }).length === 0 && keys.length > 0 && !keys.some((key) => TRACKING.test(key));
}

/** All others who apply the object: it is theirs too, so it is not ours to remove or overwrite. */
function otherAppliers({ metadata: { managedFields = [] } }: Managed): string[] {
  const applies = ({ manager, operation }: ManagedFields): boolean => operation === 'Apply' || manager === CLIENT_SIDE_APPLY;
  const others = managedFields.filter((entry) => entry.manager !== FIELD_MANAGER && applies(entry) && !onlyDecorates(entry));
  return [...new Set(others.map(({ manager }) => manager ?? 'an unnamed manager'))];
}

/**
 * Whether meshproof made the object, and nobody else applies it as well. A label alone is no proof: controllers copy labels.
 * @param owner the cluster for which it must have been made; default any
 */
export function isOurs(live: Managed, owner?: string): boolean {
  return isMadeFor(live, owner) && otherAppliers(live).length === 0;
}

/** Whether an object says of itself that it is meshproof's, for whichever cluster; enough where nothing is changed on its word. */
export function isOfMeshproof({ metadata: { labels = {} } }: Manifest): boolean {
  return labels[OWNER_LABEL] !== undefined || labels[MANAGED_BY] === FIELD_MANAGER;
}

/** Whether meshproof made the object, whoever else applies it by now. */
export function isMadeFor({ metadata: { labels = {}, managedFields = [] } }: Managed, owner?: string): boolean {
  const madeFor = labels[OWNER_LABEL];
  const marked = madeFor === undefined ? labels[MANAGED_BY] === FIELD_MANAGER : owner === undefined || madeFor === owner;
  return marked && managedFields.some(({ manager }) => manager === FIELD_MANAGER);
}

/** Whether meshproof itself has put a label on an object, whoever made that: a copy of a pod has its labels too, and others may write them. */
export function hasLabelled({ metadata: { managedFields = [] } }: Managed, label: string): boolean {
  return managedFields.some(
    ({ manager, fieldsV1 }) => manager === FIELD_MANAGER && `f:${label}` in (fieldsV1?.['f:metadata']?.['f:labels'] ?? {}),
  );
}

/** Who made an object that is not ours, in words. */
export function makerOf(live: Managed): string {
  const [manager] = otherAppliers(live);
  const other = manager ?? live.metadata.managedFields?.find((entry) => entry.manager !== FIELD_MANAGER)?.manager;
  return other === undefined ? `it lacks the label ${OWNER_LABEL}` : `it was created or is managed by ${other}`;
}

/** An object that is not ours, by its name and with who made it. */
export const nameWithMaker = (live: Managed): string => `${nameOf(refOf(live))}: ${makerOf(live)}`;

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

/** What became of objects that were to go. */
export interface Removal {
  removed: LiveObject[];
  /** Made by us, and applied by others too by now, so that they stay. */
  shared: LiveObject[];
}

/** What was taken back, by name, and what stays, each with why. */
export interface TakenBack {
  back: string[];
  left: string[];
}

/** @throws MeshproofError `LEFT_BEHIND` when something stays that was to go */
export function requireAllBack({ left }: Pick<TakenBack, 'left'>): void {
  if (left.length === 0) return;
  throw new MeshproofError(LEFT_BEHIND, `not removed because others also manage it: ${left.join('; ')}`, {
    hint: 'remove it, or whatever applies it, by hand and try again',
  });
}

/** Removes those of the objects that are still ours. Objects that others have made or apply too stay. */
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

/** As `removeOurs`, of objects that were applied: each is looked at as it is now. */
export async function removeApplied(
  api: ObjectApi,
  objects: readonly Manifest[],
  { owner, namespace, ...options }: RemoveOptions & { owner: string },
): Promise<Removal> {
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
