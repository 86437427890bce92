import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { forbidden, mayRun } from '../../fixtures/check/permission.ts';

const NAMES = ['MESHPROOF_CHOSEN', 'MESHPROOF_LEFT_OUT', 'MESHPROOF_MESH_WIDE', 'MESHPROOF_ALLOW_MESH_WIDE'];

function under<T>(environment: Record<string, string>, act: () => T): T {
  const before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
  for (const name of NAMES) delete process.env[name];
  Object.assign(process.env, environment);
  try {
    return act();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

test('a check that changes the whole mesh is not run on a cluster of somebody else without leave, whatever else was decided', () => {
  const lists = fc.constantFrom(undefined, '', '[]', '["s/other"]', '["s/wide"]');
  const leave = fc.constantFrom(undefined, '', '0', 'true', 'yes');
  fc.assert(
    fc.property(lists, lists, leave, (chosen, wide, allow) => {
      const given = { MESHPROOF_CHOSEN: chosen, MESHPROOF_MESH_WIDE: wide, MESHPROOF_ALLOW_MESH_WIDE: allow };
      const set = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
      return under(set, () => forbidden('existing', 's/wide', true)) !== undefined;
    }),
  );
  expect(under({ MESHPROOF_ALLOW_MESH_WIDE: '1' }, () => forbidden('existing', 's/wide', true))).toBeUndefined();
  expect(under({}, () => forbidden('kind', 's/wide', true))).toBeUndefined();
});

test('so is one whose manifests say so, and every one where nobody has read them', () => {
  expect(under({ MESHPROOF_MESH_WIDE: '["s/wide"]' }, () => forbidden('existing', 's/wide'))).toBeDefined();
  expect(under({ MESHPROOF_MESH_WIDE: '["s/wide"]' }, () => forbidden('existing', 's/narrow'))).toBeUndefined();
  expect(under({}, () => forbidden('existing', 's/narrow'))?.reason).toContain('meshproof test');
});

test('only what was chosen may run, and without a choice everything', () => {
  expect(under({ MESHPROOF_CHOSEN: '["s/a"]' }, () => ['s/a', 's/b'].map(mayRun))).toEqual([true, false]);
  expect(under({ MESHPROOF_CHOSEN: '' }, () => mayRun('s/a'))).toBe(true);
});
