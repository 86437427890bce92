import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { clusters } from '../../clusters/registry/description.ts';
import { until } from '../../clusters/until.ts';
import { meshproof, SHARED } from './cluster.ts';

test('Sweeps everything after a SIGKILL in the middle of a check, and the next run works @cluster', async ({}, info) => {
  test.setTimeout(400_000);
  const report = info.outputPath('report');
  // The shared cluster belongs to another run here: this run must not need it, and a sweep must not touch it.
  const run = meshproof(['test', '--fresh', '--check', 'resilience/circuit-breaker-ejects'], { MESHPROOF_REPORT: report });
  let said = '';
  run.all?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => /1 checks?, 1 at once/.test(said), { what: 'the check to begin', timeoutMs: 200_000 });
  const made = (await clusters()).find(({ name }) => name !== SHARED);
  expect(made).toBeDefined();
  // The runner and its worker die with it, as on a machine that loses power.
  for (const pid of await descendants(run.pid ?? 0)) process.kill(pid, 'SIGKILL');
  await run;

  const swept = await meshproof(['sweep']);
  expect(swept.exitCode, swept.all).toBe(0);
  expect(swept.all).toContain(made?.name);
  expect((await clusters()).map(({ name }) => name)).toEqual([SHARED]);
  const again = await meshproof(['sweep', '--dry-run']);
  expect(again.all).not.toContain(made?.name);

  const next = await meshproof(['test', '--cluster', SHARED, '--check', 'security/strict-mesh-wide'], { MESHPROOF_REPORT: report });
  expect(next.exitCode, next.all).toBe(0);
});

/** A process and all its descendants, the youngest last. */
async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(join('/proc', String(pid), 'task', String(pid), 'children'), 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number);
  return [pid, ...(await Promise.all(children.map((child) => descendants(child)))).flat()];
}
