import type { Mesh } from '../../clusters/meshes.ts';
import type { AppliedKind } from '../../clusters/existing/rights.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { chooseChecks, listChecks, runnerFilters, type Choice } from './checks.ts';

/** Kinds of which checks apply objects, once each and in order. */
export interface Applied {
  /** In the namespaces of their rig. */
  kinds: AppliedKind[];
  /** In the mesh's root namespace or on the cluster. */
  meshWide: AppliedKind[];
}

/** Of which kinds the chosen checks apply objects, as their specs and manifests say. Needs no cluster. */
export async function appliedKinds(choice: Choice, mesh: Mesh): Promise<Applied> {
  const chosen = chooseChecks(listChecks(), choice);
  const [{ loadChecks }, { checkManifests }] = await Promise.all([import('./playwright.ts'), import('./preflight.ts')]);
  const settings = { mesh, chosen: chosen.map(({ id }) => id) };
  const { traits } = await loadChecks({ args: runnerFilters(chosen, choice), settings, signal: new AbortController().signal });
  return (await checkManifests(chosen, mesh, traits)).applied;
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
