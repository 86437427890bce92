import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { variable } from '../../clusters/environment.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { reportName } from '../../fixtures/contract/settings.ts';
import { PROJECT, sources } from './sources.ts';

/** What reads the environment in another way, and why an empty variable is as good as none there too. */
const APART: readonly (string | RegExp)[] = [
  'clusters/environment.ts',
  'clusters/images/packages.ts',
  'clusters/engine/packages.ts',
  // Hands the value on and puts it back.
  'clusters/external/containers.ts',
  'scripts/dev/bench.ts',
  // Hands it on to programs that this one starts.
  'scripts/console/compiled.ts',
  // Runs in a pod, whose environment is ours.
  /^fixtures\/agent\//,
];

test('an empty variable is as good as none, wherever one is read', () => {
  const product = sources().filter((file) => /^(clusters|fixtures|reporters|scripts|suites)\/.*\.ts$|^playwright\.config\.ts$/.test(file));
  const readers = product.filter((file) => /process\.env(\.|\[')/.test(readFileSync(join(PROJECT, file), 'utf8')));
  expect(readers.filter((file) => !APART.some((one) => (typeof one === 'string' ? one === file : one.test(file))))).toEqual([]);
});

/** Carries what `meshproof test` has decided to the runner; nobody sets it. */
const OURS = 'MESHPROOF_SETTINGS';

test('every variable of ours that the product reads is in the README, and every one there is read', () => {
  const product = sources().filter((file) => /^(clusters|fixtures|reporters|scripts)\/.*\.ts$|^playwright\.config\.ts$/.test(file));
  const read = product.flatMap((file) => readFileSync(join(PROJECT, file), 'utf8').match(/(?<=')MESHPROOF_[A-Z0-9_]+(?=')/g) ?? []);
  const told = [...readFileSync(join(PROJECT, 'README.md'), 'utf8').matchAll(/^\| `(MESHPROOF_\w+)/gm)].map(([, name]) => name);
  expect(new Set(told)).toEqual(new Set(read.filter((name) => name !== OURS)));
});

test('empty and blank variables are none', () => {
  expect(['', ' ', '\n'].map((value) => variable('X', { X: value }))).toEqual([undefined, undefined, undefined]);
  expect(variable('X', {})).toBeUndefined();
  expect(variable('X', { X: 'a b' })).toBe('a b');
});

test('folders of empty variables are the default ones, and a relative one is made absolute', () => {
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
