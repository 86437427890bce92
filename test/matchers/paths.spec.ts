import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { pathDisguises } from '../../fixtures/corpus/path-disguises.ts';
import { matchers } from '../../fixtures/matchers/index.ts';
import { normalised } from '../../fixtures/matchers/paths.ts';
import { delivery } from './histories.ts';

const { toHaveNoPathUnder } = matchers;
const at = (path: string) => delivery('r', { path });

test('Normalises needless encoding and dot segments, and nothing else', () => {
  for (const [path, normal] of [
    ['/admin/x', '/admin/x'],
    ['/x/../admin/./y?z=/../w', '/admin/y'],
    ['/%61dmin/%7Ex', '/admin/~x'],
    ['/x/%2e%2E/admin/', '/admin/'],
    ['/admin/..', '/'],
    ['/../../admin/.', '/admin/'],
    ['//admin/x', '//admin/x'],
    ['/admin%2Fx', '/admin%2Fx'],
    ['/%2561dmin/x', '/%2561dmin/x'],
    ['/ADMIN/x#/admin/', '/ADMIN/x'],
    ['/admin;/x', '/admin;/x'],
  ] as const) {
    expect(normalised(path), path).toBe(normal);
  }
  const segment = fc.constantFrom('', '.', '..', 'a', 'admin', '%2e', 'b%2Fc');
  fc.assert(
    fc.property(fc.array(segment), (segments) => normalised(normalised(`/${segments.join('/')}`)) === normalised(`/${segments.join('/')}`)),
  );
});

test('Finds a delivery under the prefix, however it is encoded', () => {
  const beside = ['/', '/admin', '/administrators/x', '//admin/x', '/admin%2fx', '/x/admin/y', '/x?/admin/'].map(at);
  expect(toHaveNoPathUnder(beside, '/admin/').pass).toBe(true);
  expect(toHaveNoPathUnder([], '/admin/').pass).toBe(true);
  for (const path of ['/admin/', '/admin/x', '/x/../admin/y', '/%61dmin/x', '/admin/../x', '/./admin/x']) {
    const judged = toHaveNoPathUnder([...beside, at(path)], '/admin/');
    expect(judged, path).toMatchObject({ pass: false, observed: expect.stringContaining(`1 of them under /admin/: ${path}`) });
  }
});

test('Generates many distinct, sendable disguises, all in the given directory', () => {
  const disguises = pathDisguises('admin', 'x');
  expect(disguises.length).toBeGreaterThanOrEqual(60);
  expect(new Set(disguises).size).toBe(disguises.length);
  expect(disguises.filter((path) => !/^[\u0021-\u00ff]+$/.test(path))).toEqual([]);
  expect(disguises.filter((path) => /[<>]/.test(path))).toEqual([]);
  expect(pathDisguises('secret', 'key').filter((path) => path.includes('admin'))).toEqual([]);
});
