import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { forbidden, mayRun } from '../../fixtures/check/permission.ts';
import { encode, type RunSettings } from '../../fixtures/contract/settings.ts';

/** Acts where these settings were decided on; none where no command did. */
function under<T>(settings: Partial<RunSettings> | undefined, act: () => T): T {
  const told = settings === undefined ? {} : encode(settings);
  const names = Object.keys(encode({}));
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  for (const name of names) delete process.env[name];
  Object.assign(process.env, told);
  try {
    return act();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

test('a check that changes the whole mesh is not run on a cluster of another owner without leave, whatever else was decided', () => {
  const lists = fc.constantFrom([], ['s/other'], ['s/wide']);
  const settings = fc.record({ chosen: lists, meshWide: lists, allowMeshWide: fc.constant(false) }, { requiredKeys: [] });
  fc.assert(fc.property(settings, (some) => under(some, () => forbidden('existing', 's/wide', true)) !== undefined));
  expect(under({ allowMeshWide: true }, () => forbidden('existing', 's/wide', true))).toBeUndefined();
  expect(under({}, () => forbidden('kind', 's/wide', true))).toBeUndefined();
});

test('so is one whose manifests say so, and every one where nobody has read them', () => {
  expect(under({ meshWide: ['s/wide'] }, () => forbidden('existing', 's/wide'))).toBeDefined();
  expect(under({ meshWide: ['s/wide'] }, () => forbidden('existing', 's/narrow'))).toBeUndefined();
  expect(under(undefined, () => forbidden('existing', 's/narrow'))?.reason).toContain('meshproof test');
});

test('only what was chosen may run, and without a choice everything', () => {
  expect(under({ chosen: ['s/a'] }, () => ['s/a', 's/b'].map(mayRun))).toEqual([true, false]);
  expect(under(undefined, () => mayRun('s/a'))).toBe(true);
});
