import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

test('the cluster of the tests goes away', async () => {
  const { exitCode, all } = await meshproof(['down', SHARED]);
  expect(exitCode, all).toBe(0);
});
