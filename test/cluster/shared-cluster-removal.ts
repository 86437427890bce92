import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

test('Removes the cluster of the tests', async () => {
  const { exitCode, all } = await meshproof(['down', SHARED]);
  expect(exitCode, all).toBe(0);
});
