import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { meshproof, PROJECT } from './run.ts';
import { describeCluster, specOf, test, writeSuites } from './suite-folder.ts';

test('a run uses the cluster that is there, leaves a report that can be put together with others, and says its verdict last', async ({
  folder,
  server,
}) => {
  test.slow();
  const env = await writeSuites(folder, { 's/a.spec.ts': specOf('s/a', 'PASS'), 's/b.spec.ts': specOf('s/b', 'FAIL') });
  const cluster = await describeCluster(folder, 'meshproof-here', server);
  const { exitCode, stdout, stderr } = await meshproof(['test', '--workers=4'], env);
  expect(stderr).toContain(`meshproof-here (context stand-in at ${server.address}) already exists; reusing it`);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  expect(exitCode).toBe(1);
  const run: unknown = JSON.parse(await readFile(join(folder, 'report', 'run.json'), 'utf8'));
  // One rig, so one worker; the cluster's time is not this run's.
  expect(run).toMatchObject({
    mesh: 'istio',
    versions: { istio: '1' },
    environment: { cluster: 'meshproof-here', workers: '1' },
    timings: {},
  });
  expect(existsSync(join(cluster, 'user.json'))).toBe(false);

  await cp(join(folder, 'report'), join(folder, 'shard-2'), { recursive: true });
  const into = join(folder, 'all');
  const merged = await meshproof(['report', join(folder, 'report'), join(folder, 'shard-2'), '--into', into]);
  expect(merged.exitCode).toBe(1);
  expect(merged.stderr).toMatch(/^warning: .*shard-2 is the same report as .*report; skipping it$/);
  const { checks }: { checks: unknown[] } = JSON.parse(await readFile(join(into, 'conformance.json'), 'utf8'));
  expect(checks).toHaveLength(2);
  expect(existsSync(join(into, 'allure', 'index.html'))).toBe(true);
  const mixed = await meshproof(['report', into, join(folder, 'report'), '--into', into]);
  expect(mixed.stderr).toContain('error[SAME_FOLDER]');
  expect(mixed.exitCode).toBe(2);
});

test('Ctrl-C stops the checks and gives the cluster back', async ({ folder, server }) => {
  const hanging =
    "import { test } from '@playwright/test';\ntest('hangs', async () => { console.log('hanging'); await new Promise(() => {}); });\n";
  const env = await writeSuites(folder, { 's/a.spec.ts': hanging });
  const cluster = await describeCluster(folder, 'meshproof-here', server);
  const child = spawn(process.execPath, [join(PROJECT, 'scripts/meshproof.ts'), 'test', '--cluster=meshproof-here'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await expect.poll(() => said, { timeout: 20_000 }).toContain('hanging');
  // npm hands on what the terminal has sent already; of another kind here, because two of a kind together are one to the kernel.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await ended).toBe(130);
  expect(said).toContain('interrupted: cleaning up');
  expect(said).not.toContain('left at once');
  expect(existsSync(join(cluster, 'user.json'))).toBe(false);
});
