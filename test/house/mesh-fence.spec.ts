import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { PROJECT, sources } from './sources.ts';

/** Words that belong to a mesh, and the folder that alone may say them. */
const WORDS: Readonly<Record<string, RegExp>> = { istio: /istio|envoy/i };
/** Where a mesh is entered: its line begins with its name. */
const REGISTRY = 'clusters/meshes.ts';

/** The lines of a file, comments too, that say what only one mesh has, as `file:line`. */
function leaks(file: string, text: string): string[] {
  return Object.entries(WORDS).flatMap(([mesh, words]) =>
    text.split('\n').flatMap((line, at) => {
      const isEntry = file === REGISTRY && line.trim().startsWith(`${mesh}: `);
      return !isEntry && !file.startsWith(`clusters/${mesh}/`) && words.test(line) ? [`${file}:${at + 1}`] : [];
    }),
  );
}

test('only the folder of a mesh says what that mesh has', () => {
  // What the modules of others require is not ours to say.
  const files = sources().filter((file) => /^(clusters|scripts)\//.test(file) && !/\.(mod|sum)$/.test(file));
  expect(files.flatMap((file) => leaks(file, readFileSync(join(PROJECT, file), 'utf8')))).toEqual([]);
});

test('the fence of meshes sees what it forbids', () => {
  const text = "  istio: async () => (await import('./istio/module.ts')).ISTIO,\n// asked of istiod\n";
  expect(leaks('clusters/meshes.ts', text)).toEqual(['clusters/meshes.ts:2']);
  expect(leaks('scripts/doctor/skew.ts', text)).toEqual(['scripts/doctor/skew.ts:1', 'scripts/doctor/skew.ts:2']);
  expect(leaks('clusters/istio/facts.ts', text)).toEqual([]);
});
