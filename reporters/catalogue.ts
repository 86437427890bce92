import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import type { NotChosen, PlannedCheck } from '../fixtures/contract/conformance.ts';
import { byIdAndMesh } from './merge.ts';

/**
 * The behaviours without a check, as planned.yaml in the folder of suites lists them by mesh; none without that file.
 * @throws Error when the file is no map of meshes to maps of ids to sentences.
 */
export function plannedIn(suites: string): PlannedCheck[] {
  const file = join(suites, 'planned.yaml');
  const rows: unknown = parse(readIfThere(file));
  const planned = entriesOf(rows, file).flatMap(([mesh, sentences]) =>
    entriesOf(sentences, `${file}: ${mesh}`).map(([id, sentence]) => ({ id, mesh, sentence: String(sentence) })),
  );
  return planned.toSorted(byIdAndMesh);
}

/** What a run on one mesh was told to leave out: every check that exists, but for those that it was to run and those still to be made for this mesh. */
export function leftOut(all: readonly string[], chosen: ReadonlySet<string>, planned: readonly PlannedCheck[], mesh: string): NotChosen[] {
  const unmade = new Set(planned.filter((row) => row.mesh === mesh).map(({ id }) => id));
  const ids = all.filter((id) => !chosen.has(id) && !unmade.has(id));
  return ids.map((id) => ({ id, mesh })).toSorted(byIdAndMesh);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function entriesOf(value: unknown, where: string): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  throw new Error(`${where} is not a mapping`);
}
