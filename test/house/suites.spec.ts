import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { MESHES } from '../../clusters/meshes.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import type { FaultKind } from '../../fixtures/contract/faults.ts';
import { plannedIn } from '../../fixtures/contract/planned.ts';
import { PROJECT, sources } from './sources.ts';

/** Maintained by hand: the behaviours that have no check yet. */
const PLANNED = 'suites/planned.yaml';
const files = new Set(sources().filter((file) => file.startsWith('suites/') && file !== PLANNED));
const meshes = MESHES.join('|');

test("Contains only specs and manifests in a suite's folder", () => {
  const shape = new RegExp(String.raw`^suites/[a-z-]+/[a-z0-9-]+(\.spec\.ts|\.(${meshes})(\.control|\.change)?\.yaml)$`);
  expect([...files].filter((file) => !shape.test(file))).toEqual([]);
});

test('Requires a manifest next to its spec, and a control or change next to its manifest', () => {
  const alone = [...files].flatMap((file) => {
    const beside = file.replace(/\.(control|change)\.yaml$/, '.yaml');
    const needed = beside === file ? file.replace(new RegExp(String.raw`\.(${meshes})\.yaml$`), '.spec.ts') : beside;
    return files.has(needed) ? [] : [`${file} without ${needed}`];
  });
  expect(alone).toEqual([]);
});

/** Paths that a proxy may be told to change: with two slashes, an escaped one, or a segment of dots. */
const MUTABLE = /'(?=\/)[^'?]*(?:\/\/|%2f|%5c|\/\.{1,2}\/)[^']*'/i;

test('Requires a check whose paths proxies may change to assume that they do not', () => {
  const silent = [...files].filter((file) => {
    if (!file.endsWith('.spec.ts')) return false;
    const text = readFileSync(join(PROJECT, file), 'utf8').replaceAll(/^ *\/\/.*$/gm, '');
    return (MUTABLE.test(text) || text.includes('pathDisguises')) && !/assumes: \[[^\]]*'paths-as-sent'/.test(text);
  });
  expect(silent).toEqual([]);
});

const LONGEST_TITLE = 100;

test(`Requires the title of a check to be a sentence of at most ${LONGEST_TITLE} characters`, () => {
  const odd = [...files].flatMap((file) => {
    if (!file.endsWith('.spec.ts')) return [];
    const titles = [...readFileSync(join(PROJECT, file), 'utf8').matchAll(/^check\(\s*(['"`])(.*?)\1,$/gm)].map(
      ([, , title = '']) => title,
    );
    const wrong = titles.filter((title) => title.length > LONGEST_TITLE || !/^[A-Z]/.test(title) || title.endsWith('.'));
    return [...(titles.length === 0 ? [`${file}: no title`] : []), ...wrong.map((title) => `${file}: ${title}`)];
  });
  expect(odd).toEqual([]);
});

const planned = plannedIn(join(PROJECT, 'suites'));
const stems = [...files].flatMap((file) => (file.endsWith('.spec.ts') ? [file.slice(0, -'.spec.ts'.length)] : []));
/** Whether a spec has files for the mesh, or says why there are none. */
const covers = (stem: string, mesh: string): boolean =>
  [...files].some((file) => file.startsWith(`${stem}.${mesh}.`)) ||
  new RegExp(String.raw`^\s+${mesh}[:,]|\bswap: \{`, 'm').test(readFileSync(join(PROJECT, `${stem}.spec.ts`), 'utf8'));
/** Without configuration of its own a check runs on any mesh. */
const isNeutral = (stem: string): boolean => !MESHES.some((mesh) => covers(stem, mesh));

test('Plans nothing that has a check', () => {
  const done = planned.filter(({ id, mesh }) => stems.includes(`suites/${id}`) && covers(`suites/${id}`, mesh));
  expect(done.map(({ id, mesh }) => `${id} has a check on ${mesh}: take its row out of ${PLANNED}`)).toEqual([]);
});

test('Requires a check that a mesh lacks to be unsupported there, or planned', () => {
  const rows = new Set(planned.map(({ id, mesh }) => `suites/${id} ${mesh}`));
  const silent = stems.flatMap((stem) =>
    MESHES.filter((mesh) => !covers(stem, mesh) && !isNeutral(stem) && !rows.has(`${stem} ${mesh}`)).map((mesh) => `${stem} on ${mesh}`),
  );
  expect(silent, `add <stem>.<mesh>.yaml with its control, say unsupported(…) in the spec, or add a row to ${PLANNED}`).toEqual([]);
});

test('Requires a suite, a mesh and a behaviour in each planned row', () => {
  const odd = planned.filter(
    ({ id, mesh, sentence }) =>
      !/^[a-z]+\/[a-z0-9-]+$/.test(id) || !MESHES.some((one) => one === mesh) || !/^[A-Z].{20,99}$/.test(sentence),
  );
  expect(odd).toEqual([]);
});

test('Requires every assertion of a check to use a matcher of meshproof', () => {
  const foreign = [...files].flatMap((file) => {
    if (!file.endsWith('.spec.ts')) return [];
    const calls = readFileSync(join(PROJECT, file), 'utf8').matchAll(/\)\s*\.(not\.|rejects\.|resolves\.)?(to[A-Z]\w*)\(/g);
    return [...calls].filter(([, turned, name = '']) => turned !== undefined || !(name in matchers)).map(([call]) => `${file}: ${call}`);
  });
  expect(foreign).toEqual([]);
});

/** How a body injects each kind of fault. A node is kept busy only by `--under`. */
const INJECTIONS: Readonly<Record<Exclude<FaultKind, 'node'>, RegExp>> = {
  endpoint: /\.faults\(|\.without\('v\d'/,
  pods: /\bpods\.evictAll\(/,
  process: /\bproxies\.while|\bpods\.during/,
  network: /\bnetwork\.during/,
  'control-plane': /\bcontrolPlane\.w/,
  dns: /\bclusterDns\.w/,
  injector: /\binjector\.without\(/,
};

test('Requires a check to declare the faults that it injects, and no others', () => {
  const odd = stems.flatMap((stem) => {
    const text = readFileSync(join(PROJECT, `${stem}.spec.ts`), 'utf8');
    const injected = Object.entries(INJECTIONS).flatMap(([kind, pattern]) => (pattern.test(text) ? [`'${kind}'`] : []));
    const [, declared = ''] = /^ +faults: \[(.*)\],$/m.exec(text) ?? [];
    return declared === injected.join(', ') ? [] : [`${stem}: faults: [${injected.join(', ')}]`];
  });
  expect(odd).toEqual([]);
});
