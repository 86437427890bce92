import { parseAllDocuments } from 'yaml';

import type { Manifest } from './manifest.ts';

/** Objects as a program reads them from its input. JSON is YAML. */
export function streamOf(objects: readonly Manifest[]): string {
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}

/** The objects in what a program has printed; empty documents are none. What a person has written is read with positions, see `yaml-documents.ts`. */
export function objectsIn<T = Manifest>(text: string): T[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).map((document): T | null => document.toJS()).filter((object) => object !== null);
}
