import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { forbidden, mayRun } from '../../fixtures/check/permission.ts';
import type { FaultKind } from '../../fixtures/contract/faults.ts';
import { encode, type RunSettings } from '../../fixtures/contract/settings.ts';

/** Acts under the settings of a command; undefined: without a command. */
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

test('Never runs a mesh-wide check on a cluster of another owner without permission, whatever else was decided', () => {
  const lists = fc.constantFrom([], ['s/other'], ['s/wide']);
  const settings = fc.record({ chosen: lists, meshWide: lists, allowMeshWide: fc.constant(false) }, { requiredKeys: [] });
  fc.assert(fc.property(settings, (some) => under(some, () => forbidden('existing', 's/wide', { meshWide: true })) !== undefined));
  expect(under({ allowMeshWide: true }, () => forbidden('existing', 's/wide', { meshWide: true }))).toBeUndefined();
  expect(under({}, () => forbidden('kind', 's/wide', { meshWide: true }))).toBeUndefined();
});

test('Treats a check as mesh-wide if its manifests are, and every check if no command has read its manifests', () => {
  expect(under({ meshWide: ['s/wide'] }, () => forbidden('existing', 's/wide'))).toBeDefined();
  expect(under({ meshWide: ['s/wide'] }, () => forbidden('existing', 's/narrow'))).toBeUndefined();
  expect(under(undefined, () => forbidden('existing', 's/narrow'))?.reason).toContain('meshproof test');
});

test('Never injects a fault on the nodes of another owner, whatever else is allowed', () => {
  const faulty = { under: 'packet-loss', allowMeshWide: true, meshWide: [] } as const;
  expect(under(faulty, () => forbidden('existing', 's/a'))?.reason).toBe(
    "packet-loss is injected on the nodes, which belong to the cluster's owner",
  );
  expect(under(faulty, () => forbidden('kind', 's/a'))).toBeUndefined();
  expect(under({ ...faulty, under: 'pod-churn' }, () => forbidden('existing', 's/a'))).toBeUndefined();
});

test('Injects faults on a cluster of another owner only into its own pods, unless the kind is allowed, and none on nodes', () => {
  const wide = { allowMeshWide: true, meshWide: [] } as const;
  const why = (faults: readonly FaultKind[], allowFaults: readonly FaultKind[] = []) =>
    under({ ...wide, allowFaults }, () => forbidden('existing', 's/a', { faults }))?.reason;
  expect(why(['endpoint', 'pods'])).toBeUndefined();
  expect(why(['endpoint', 'injector'])).toMatch(/the API server cannot reach the injector.*--allow-faults=injector/);
  expect(why(['injector'], ['injector'])).toBeUndefined();
  for (const kind of ['network', 'process', 'control-plane', 'dns'] as const)
    expect(why([kind], [kind])).toMatch(/on the nodes, which belong to the cluster's owner/);
  expect(under(wide, () => forbidden('kind', 's/a', { faults: ['network', 'injector'] }))).toBeUndefined();
});

test('Runs only selected checks, or all of them without a selection', () => {
  expect(under({ chosen: ['s/a'] }, () => ['s/a', 's/b'].map(mayRun))).toEqual([true, false]);
  expect(under(undefined, () => mayRun('s/a'))).toBe(true);
});
