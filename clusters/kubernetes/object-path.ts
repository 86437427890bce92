import { apiRoot, type Resource } from './discovery.ts';
import { inNamespace, type ObjectRef, refOf } from './live-object.ts';
import type { Manifest } from './manifest.ts';

/** The identity of an object: in its own namespace, or else in the fallback; a cluster-scoped kind has no namespace. */
export function placed(object: Manifest, { namespaced }: Resource, fallback: string | undefined): ObjectRef {
  const ref = refOf(object);
  return { ...ref, namespace: namespaced ? inNamespace(ref, fallback) : undefined };
}

/** The path of all objects of a kind, in one namespace or in all. */
export function listPath(apiVersion: string, { plural }: Resource, namespace: string | undefined): string {
  return `${apiRoot(apiVersion)}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${plural}`;
}

/** The path of one object. */
export function pathOf(ref: ObjectRef, { plural, namespaced }: Resource): string {
  const place = namespaced ? `/namespaces/${encodeURIComponent(inNamespace(ref, undefined))}` : '';
  return `${apiRoot(ref.apiVersion)}${place}/${plural}/${encodeURIComponent(ref.name)}`;
}
