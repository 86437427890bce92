import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { PROJECT, sources } from './sources.ts';

/** Code that reads the environment otherwise, and why an empty variable counts as unset there too. */
const APART: readonly (string | RegExp)[] = [
  'clusters/environment.ts',
  'clusters/images/packages.ts',
  'clusters/engine/packages.ts',
  // Passes the value on and restores it.
  'clusters/external/containers.ts',
  'scripts/dev/bench.ts',
  // Passes it on to child processes.
  'scripts/console/compiled.ts',
  // Runs in a pod, whose environment meshproof sets.
  /^fixtures\/agent\//,
];

test('Treats an empty variable as unset wherever one is read', () => {
  const product = sources().filter((file) => /^(clusters|fixtures|reporters|scripts|suites)\/.*\.ts$|^playwright\.config\.ts$/.test(file));
  const readers = product.filter((file) => /process\.env(\.|\[')/.test(readFileSync(join(PROJECT, file), 'utf8')));
  expect(readers.filter((file) => !APART.some((one) => (typeof one === 'string' ? one === file : one.test(file))))).toEqual([]);
});

/** Passes the decisions of `meshproof test` to the runner; users do not set it. */
const OURS = 'MESHPROOF_SETTINGS';

test('Documents every meshproof variable in the README, and reads every documented one', () => {
  const product = sources().filter((file) => /^(clusters|fixtures|reporters|scripts)\/.*\.ts$|^playwright\.config\.ts$/.test(file));
  const read = product.flatMap((file) => readFileSync(join(PROJECT, file), 'utf8').match(/(?<=')MESHPROOF_[A-Z0-9_]+(?=')/g) ?? []);
  const told = [...readFileSync(join(PROJECT, 'README.md'), 'utf8').matchAll(/^\| `(MESHPROOF_\w+)/gm)].map(([, name]) => name);
  expect(new Set(told)).toEqual(new Set(read.filter((name) => name !== OURS)));
});

test('Treats empty and blank variables as unset', () => {
  expect(['', ' ', '\n'].map((value) => variable('X', { X: value }))).toEqual([undefined, undefined, undefined]);
  expect(variable('X', {})).toBeUndefined();
  expect(variable('X', { X: 'a b' })).toBe('a b');
});

test('Uses the default folders for empty variables, and makes relative ones absolute', () => {
  const before = { ...process.env };
  try {
    Object.assign(process.env, { MESHPROOF_REPORT: '', MESHPROOF_CACHE: '', XDG_CACHE_HOME: '', HOME: '/home/tester' });
    expect(reportName()).toBe('meshproof-report');
    expect(cacheFolder()).toBe('/home/tester/.cache/meshproof');
    process.env['MESHPROOF_CACHE'] = 'cache';
    expect(cacheFolder()).toBe(join(process.cwd(), 'cache'));
  } finally {
    for (const name of ['MESHPROOF_REPORT', 'MESHPROOF_CACHE', 'XDG_CACHE_HOME', 'HOME']) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
