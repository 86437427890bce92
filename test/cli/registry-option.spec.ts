import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { writeConformance } from '../../reporters/conformance-files.ts';
import { sampleConformance } from '../reporters/samples.ts';
import { meshproof } from './run.ts';
import { test } from './suite-folder.ts';

test('watch checks the registry before it reads a kubeconfig, and takes none for a kind cluster', async ({ folder }) => {
  const env = { MESHPROOF_CACHE: `${folder}/cache`, MESHPROOF_REPORT: `${folder}/report` };
  const existing = ['watch', '--provider=existing', '--context=a'];
  const stranger = await meshproof([...existing, '--registry=mirror'], env);
  expect(stranger.stderr).toMatch(/REGISTRY_PREFIX.*docker\.io\/mirror[^]*hint: .*domain or its port/);
  expect(stranger.exitCode).toBe(2);
  const ignored = await meshproof(['watch', '--registry=registry.example.com'], env);
  expect(ignored.stderr).toMatch(/CONTRADICTION.*--registry[^]*hint: .*--provider=existing/);
  expect(ignored.exitCode).toBe(2);
});

/** Options whose value contains a password, and the error. */
const WITH_PASSWORD: readonly [option: string, code: string][] = [
  ['--registry=ci:hunter2@registry.example.com/mirror', 'REGISTRY_PREFIX'],
  ['--registry=https://ci:hunter2@registry.example.com/mirror', 'REGISTRY_PREFIX'],
  ['--registry=ci:hunter2/@registry.example.com', 'REGISTRY_PREFIX'],
  ['--images=https://ci:hunter2@registry.example.com/mirror', 'UNKNOWN_IMAGE_SOURCE'],
  ['--sample-image=https://ci:hunter2@registry.example.com/node:24', 'INVALID_ARGUMENT'],
];

test('Writes no password of an option to the console or a report', async ({ folder }) => {
  const report = join(folder, 'report');
  await writeConformance(report, sampleConformance());
  for (const [option, code] of WITH_PASSWORD) {
    const { stderr, exitCode } = await meshproof(['test', option], { MESHPROOF_CACHE: `${folder}/cache`, MESHPROOF_REPORT: report });
    expect.soft(stderr, option).toContain(code);
    expect.soft(stderr, option).not.toContain('hunter2');
    expect.soft(exitCode, option).toBe(2);
    for (const name of await readdir(report)) expect.soft(await readFile(join(report, name), 'utf8'), name).not.toContain('hunter2');
  }
  expect(await readFile(join(report, 'conformance.json'), 'utf8')).toContain('UNKNOWN_IMAGE_SOURCE');
});
