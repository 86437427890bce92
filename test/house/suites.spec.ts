import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { MESHES } from '../../clusters/meshes.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { plannedIn } from '../../fixtures/contract/planned.ts';
import { PROJECT, sources } from './sources.ts';

/** Listed by hand: what no check shows yet. */
const PLANNED = 'suites/planned.yaml';
const files = new Set(sources().filter((file) => file.startsWith('suites/') && file !== PLANNED));
const meshes = MESHES.join('|');

test('a suite is a folder of specs and manifests, and nothing else', () => {
  const shape = new RegExp(String.raw`^suites/[a-z-]+/[a-z0-9-]+(\.spec\.ts|\.(${meshes})(\.control|\.change)?\.yaml)$`);
  expect([...files].filter((file) => !shape.test(file))).toEqual([]);
});

test('a manifest stands beside its spec, a control or a change beside its manifest', () => {
  const alone = [...files].flatMap((file) => {
    const beside = file.replace(/\.(control|change)\.yaml$/, '.yaml');
    const needed = beside === file ? file.replace(new RegExp(String.raw`\.(${meshes})\.yaml$`), '.spec.ts') : beside;
    return files.has(needed) ? [] : [`${file} without ${needed}`];
  });
  expect(alone).toEqual([]);
});

const LONGEST_TITLE = 100;

test(`the title of a check is a sentence of at most ${LONGEST_TITLE} characters`, () => {
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

test('what has a check is not planned any more', () => {
  const done = planned.filter(({ id, mesh }) => stems.includes(`suites/${id}`) && covers(`suites/${id}`, mesh));
  expect(done.map(({ id, mesh }) => `${id} has a check on ${mesh}: take its row out of ${PLANNED}`)).toEqual([]);
});

test('what a check leaves out on a mesh is unsupported there, or planned', () => {
  const rows = new Set(planned.map(({ id, mesh }) => `suites/${id} ${mesh}`));
  const silent = stems.flatMap((stem) =>
    MESHES.filter((mesh) => !covers(stem, mesh) && !isNeutral(stem) && !rows.has(`${stem} ${mesh}`)).map((mesh) => `${stem} on ${mesh}`),
  );
  expect(silent, `add <stem>.<mesh>.yaml with its control, say unsupported(…) in the spec, or add a row to ${PLANNED}`).toEqual([]);
});

test('a row of what is planned names a suite, a mesh and what will be shown', () => {
  const odd = planned.filter(
    ({ id, mesh, sentence }) =>
      !/^[a-z]+\/[a-z0-9-]+$/.test(id) || !MESHES.some((one) => one === mesh) || !/^[A-Z].{20,99}$/.test(sentence),
  );
  expect(odd).toEqual([]);
});

test("what a check states about the mesh, a matcher of meshproof's states: the runner's own mean nothing to a verdict", () => {
  const foreign = [...files].flatMap((file) => {
    if (!file.endsWith('.spec.ts')) return [];
    const calls = readFileSync(join(PROJECT, file), 'utf8').matchAll(/\)\s*\.(not\.|rejects\.|resolves\.)?(to[A-Z]\w*)\(/g);
    return [...calls].filter(([, turned, name = '']) => turned !== undefined || !(name in matchers)).map(([call]) => `${file}: ${call}`);
  });
  expect(foreign).toEqual([]);
});
