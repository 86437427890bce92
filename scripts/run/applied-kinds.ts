import type { Mesh } from '../../clusters/meshes.ts';
import { chooseChecks, listChecks, runnerFilters, type Choice } from './checks.ts';
import type { Applied } from './kinds.ts';
import { loadChecks } from './playwright.ts';
import { checkManifests } from './preflight.ts';

/** Of which kinds the chosen checks apply objects, as their specs and manifests say. Needs no cluster. */
export async function appliedKinds(choice: Choice, mesh: Mesh): Promise<Applied> {
  const chosen = chooseChecks(listChecks(), choice);
  const settings = { mesh, chosen: chosen.map(({ id }) => id) };
  const { traits } = await loadChecks({ args: runnerFilters(chosen, choice), settings, signal: new AbortController().signal });
  return (await checkManifests(chosen, mesh, traits)).applied;
}
