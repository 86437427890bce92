import { MeshproofError } from '../errors.ts';
import type { Manifest } from './manifest.ts';

/** An object as the API server returns it. */
export interface LiveObject extends Manifest {
  metadata: Manifest['metadata'] & {
    uid: string;
    resourceVersion: string;
    creationTimestamp: string;
    generation?: number;
    deletionTimestamp?: string;
    finalizers?: string[];
  };
  status?: { conditions?: Condition[] };
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  /** ISO 8601, to the second. */
  lastTransitionTime?: string;
}

/** What identifies an object; cluster-scoped kinds have no namespace. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string | undefined;
}

export function refOf({ apiVersion, kind, metadata }: Manifest): ObjectRef {
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** The name of an object in messages: `DestinationRule shop/reviews`. */
export function nameOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** @throws MeshproofError with code `NAMESPACE_MISSING` */
export function inNamespace(ref: ObjectRef, fallback: string | undefined): string {
  const namespace = ref.namespace ?? fallback;
  if (namespace === undefined) throw new MeshproofError('NAMESPACE_MISSING', `${nameOf(ref)} is namespaced but has no namespace`);
  return namespace;
}

/** What prevents the removal of an object: its finalizers, or for a namespace its conditions. */
export function leftover({ metadata, status }: LiveObject): string {
  const finalizers = (metadata.finalizers ?? []).map((name) => `finalizer ${name}`);
  const conditions = (status?.conditions ?? []).filter((condition) => condition.status === 'True').map(({ message }) => message ?? '');
  return [...finalizers, ...conditions].filter((reason) => reason !== '').join('; ') || 'it is still there';
}
