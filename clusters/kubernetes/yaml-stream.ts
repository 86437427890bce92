import { parseAllDocuments } from 'yaml';

import type { Manifest } from './manifest.ts';

/** Serializes objects for a program's standard input. JSON is valid YAML. */
export function streamOf(objects: readonly Manifest[]): string {
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}

/**
 * Parses the objects in a program's output; empty documents are skipped. Files written by hand are read with positions, see
 * `yaml-documents.ts`.
 */
export function objectsIn<T = Manifest>(text: string): T[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).map((document): T | null => document.toJS()).filter((object) => object !== null);
}
