import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

const SECOND = 'meshproof-second';

test('Runs two clusters at once without interference @cluster', async ({}, info) => {
  test.setTimeout(400_000);
  const up = await meshproof(['up', '--name', SECOND]);
  expect(up.exitCode, up.all).toBe(0);
  try {
    // Of execa's own results, all at once, the types took the compiler as long as those of all other tests.
    const run = async (name: string): Promise<{ exitCode?: number | undefined; all: string }> =>
      meshproof(['test', '--cluster', name], { MESHPROOF_REPORT: info.outputPath(name) });
    const runs = await Promise.all([SHARED, SECOND].map(run));
    for (const { exitCode, all } of runs) expect(exitCode, all).toBe(0);
  } finally {
    const down = await meshproof(['down', SECOND]);
    expect(down.exitCode, down.all).toBe(0);
  }
  const after = await meshproof(['test', '--cluster', SHARED, '--check', 'routing/canary-header'], {
    MESHPROOF_REPORT: info.outputPath('after'),
  });
  expect(after.exitCode, after.all).toBe(0);
});
