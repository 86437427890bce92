import type { Mesh } from '../../clusters/meshes.ts';
import type { AppliedByChecks } from '../../clusters/provider.ts';
import { chooseChecks, listChecks, runnerFilters, type Choice } from './checks.ts';
import { loadChecks } from './playwright.ts';
import { checkManifests } from './preflight.ts';

/** What the chosen checks do in a cluster, according to their specs and manifests. Needs no cluster. */
export async function appliedBy(choice: Choice, mesh: Mesh): Promise<AppliedByChecks> {
  const chosen = chooseChecks(listChecks(), choice);
  const settings = { mesh, chosen: chosen.map(({ id }) => id) };
  const { traits } = await loadChecks({ args: runnerFilters(chosen, choice), settings, signal: new AbortController().signal });
  return (await checkManifests(chosen, { mesh }, traits)).applied;
}
