import type { NotChosen, PlannedCheck } from '../fixtures/contract/conformance.ts';
import { byIdAndMesh } from './merge.ts';

/** What a run on one mesh was told to leave out: every check that exists, but for those that it was to run and those still to be made for this mesh. */
export function leftOut(all: readonly string[], chosen: ReadonlySet<string>, planned: readonly PlannedCheck[], mesh: string): NotChosen[] {
  const unmade = new Set(planned.filter((row) => row.mesh === mesh).map(({ id }) => id));
  const ids = all.filter((id) => !chosen.has(id) && !unmade.has(id));
  return ids.map((id) => ({ id, mesh })).toSorted(byIdAndMesh);
}
