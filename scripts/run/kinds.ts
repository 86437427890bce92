import type { AppliedKind } from '../../clusters/existing/rights.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';

/** Kinds of which checks apply objects, once each and in order. */
export interface Applied {
  /** In the namespaces of their rig. */
  kinds: AppliedKind[];
  /** In the mesh's root namespace or on the cluster. */
  meshWide: AppliedKind[];
}

/** Sorts what checks apply by where it goes. */
export function kindsOf(objects: readonly Manifest[], isShared: (object: Manifest) => boolean): Applied {
  const kinds = (shared: boolean): AppliedKind[] => {
    const found = objects
      .filter((object) => isShared(object) === shared)
      .map(({ apiVersion, kind }) => ({ group: groupOf(apiVersion), kind }));
    const once = new Map(found.map((one) => [`${one.group}/${one.kind}`, one]));
    return [...once.keys()].toSorted().flatMap((key) => once.get(key) ?? []);
  };
  return { kinds: kinds(false), meshWide: kinds(true) };
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}
