import { expect, test } from '@playwright/test';

import { MESHES } from '../../clusters/cluster.ts';
import { sources } from './sources.ts';

const files = new Set(sources().filter((file) => file.startsWith('suites/')));
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
