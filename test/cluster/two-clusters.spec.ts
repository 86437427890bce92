import { expect, test } from '@playwright/test';

import { meshproof, SHARED } from './cluster.ts';

const SECOND = 'meshproof-second';

test('Runs two clusters at once without interference @cluster', async ({}, info) => {
  test.setTimeout(400_000);
  const up = await meshproof(['up', '--name', SECOND]);
  expect(up.exitCode, up.all).toBe(0);
  try {
    const runs = await Promise.all(
      [SHARED, SECOND].map((name) => meshproof(['test', '--cluster', name], { MESHPROOF_REPORT: info.outputPath(name) })),
    );
    for (const run of runs) expect(run.exitCode, run.all).toBe(0);
  } finally {
    const down = await meshproof(['down', SECOND]);
    expect(down.exitCode, down.all).toBe(0);
  }
  const after = await meshproof(['test', '--cluster', SHARED, '--check', 'routing/canary-header'], {
    MESHPROOF_REPORT: info.outputPath('after'),
  });
  expect(after.exitCode, after.all).toBe(0);
});
