import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { PROJECT, sources } from './sources.ts';

/** Words specific to a mesh, and the only folder that may contain them. */
const WORDS: Readonly<Record<string, RegExp>> = { istio: /istio|envoy/i, linkerd: /linkerd|l5d/i };
/** Files that know the proxies of all meshes, and why. */
const OF_ALL_MESHES: Readonly<Record<string, string>> = {
  'fixtures/evidence/proxy-marks.ts': 'identifies the proxy that answered by the marks on the answer',
  'fixtures/agent/server/peer.ts': "reads the caller's identity from the header of either mesh",
  'fixtures/agent/prober/plan.ts': 'keeps the headers with those marks',
  'fixtures/matchers/eject-and-readmit.ts': "allows for how either mesh's proxies count ejections, and says where that is documented",
};
/** Where meshes are registered; each line starts with the mesh's name. */
const REGISTRY = 'clusters/meshes.ts';

/** The lines of a file, including comments, that contain a mesh's words, as `file:line`. */
function leaks(file: string, text: string): string[] {
  return Object.entries(WORDS).flatMap(([mesh, words]) => {
    if (file.startsWith(`clusters/${mesh}/`) || file.endsWith(`.${mesh}.yaml`)) return [];
    return text.split('\n').flatMap((line, at) => {
      const isEntry = file === REGISTRY && line.trim().startsWith(`${mesh}: `);
      return !isEntry && words.test(line) ? [`${file}:${at + 1}`] : [];
    });
  });
}

test("Mentions what is specific to a mesh only in that mesh's folder", () => {
  // The requirements of third-party modules are not meshproof's text.
  const files = sources().filter(
    (file) => /^(clusters|scripts|fixtures)\//.test(file) && !/\.(mod|sum|md)$|\block\.json$/.test(file) && !(file in OF_ALL_MESHES),
  );
  expect(files.flatMap((file) => leaks(file, readFileSync(join(PROJECT, file), 'utf8')))).toEqual([]);
});

test('Detects what the fence between meshes forbids', () => {
  const text = "  istio: async () => (await import('./istio/module.ts')).ISTIO,\n// asked of istiod\n";
  expect(leaks('clusters/meshes.ts', text)).toEqual(['clusters/meshes.ts:2']);
  expect(leaks('scripts/doctor/skew.ts', text)).toEqual(['scripts/doctor/skew.ts:1', 'scripts/doctor/skew.ts:2']);
  expect(leaks('clusters/istio/facts.ts', text)).toEqual([]);
  expect(leaks('fixtures/bases/load.istio.yaml', text)).toEqual([]);
  expect(leaks('fixtures/bases/load.linkerd.yaml', text)).toHaveLength(2);
});
