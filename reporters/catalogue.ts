import type { NotChosen, PlannedCheck } from '../fixtures/contract/conformance.ts';
import { byIdAndMesh } from './merge.ts';

/**
 * The checks that were not selected for a run on one mesh: all existing checks except the selected ones and those that are still planned
 * for this mesh.
 */
export function leftOut(all: readonly string[], chosen: ReadonlySet<string>, planned: readonly PlannedCheck[], mesh: string): NotChosen[] {
  const unmade = new Set(planned.filter((row) => row.mesh === mesh).map(({ id }) => id));
  const ids = all.filter((id) => !chosen.has(id) && !unmade.has(id));
  return ids.map((id) => ({ id, mesh })).toSorted(byIdAndMesh);
}
