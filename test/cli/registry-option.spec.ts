import { expect } from '@playwright/test';

import { meshproof } from './run.ts';
import { test } from './suite-folder.ts';

test('watch checks the registry before it reads a kubeconfig, and takes none for a kind cluster', async ({ folder }) => {
  const env = { MESHPROOF_CACHE: folder, MESHPROOF_REPORT: `${folder}/report` };
  const existing = ['watch', '--provider=existing', '--context=a'];
  const stranger = await meshproof([...existing, '--registry=mirror'], env);
  expect(stranger.stderr).toMatch(/REGISTRY_PREFIX.*docker\.io\/mirror[^]*hint: .*domain or its port/);
  expect(stranger.exitCode).toBe(2);
  const ignored = await meshproof(['watch', '--registry=registry.example.com'], env);
  expect(ignored.stderr).toMatch(/CONTRADICTION.*--registry[^]*hint: .*--provider=existing/);
  expect(ignored.exitCode).toBe(2);
});
