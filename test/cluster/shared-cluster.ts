import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

test('a cluster for the tests comes up', async () => {
  const { exitCode, all } = await meshproof(['up', '--name', SHARED]);
  expect(exitCode, all).toBe(0);
});
