import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { meshproof, PROJECT } from './run.ts';
import { test, writeSuites } from './suite-folder.ts';

const contributing = readFileSync(join(PROJECT, 'CONTRIBUTING.md'), 'utf8');

test('Shows a check in CONTRIBUTING.md whose files can be copied: it loads, and its manifests are valid', async ({ folder }) => {
  // It loads all fixtures, which takes a busy machine longer than the usual limit.
  test.setTimeout(900_000);
  const files = [...contributing.matchAll(/^`suites\/(\S+)`:\n\n```\w+\n([^]*?)^```$/gm)].map(([, path = '', text = '']) => [path, text]);
  expect(files.map(([path]) => path)).toEqual(
    ['spec.ts', 'istio.yaml', 'istio.control.yaml'].map((end) => `security/strict-server.${end}`),
  );
  // Specs import from the package that contains them.
  await writeFile(join(folder, 'package.json'), readFileSync(join(PROJECT, 'package.json')));
  await symlink(join(PROJECT, 'fixtures'), join(folder, 'fixtures'));
  const env = await writeSuites(folder, Object.fromEntries(files));
  const { stdout, stderr, exitCode } = await meshproof(['test', '--dry-run'], env);
  expect(stdout, stderr).toMatch(/^check {4}security\/strict-server$/m);
  expect(stdout).toMatch(/^applies {2}.*strict-server\.istio\.yaml/m);
  expect(stdout).toMatch(/^applies {2}.*strict-server\.istio\.control\.yaml/m);
  expect(exitCode).toBe(0);
});
