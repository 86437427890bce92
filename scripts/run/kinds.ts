import type { AppliedKind } from '../../clusters/existing/rights.ts';
import type { AppliedByChecks } from '../../clusters/provider.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';

/** The kinds that checks apply, without duplicates and in order, by destination. */
export function kindsOf(
  objects: readonly Manifest[],
  isShared: (object: Manifest) => boolean,
): Pick<AppliedByChecks, 'kinds' | 'meshWide'> {
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
