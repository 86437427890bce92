import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

test('Creates the cluster of the tests', async () => {
  const { exitCode, all } = await meshproof(['up', '--name', SHARED]);
  expect(exitCode, all).toBe(0);
});
