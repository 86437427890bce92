import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { PROJECT } from './run.ts';
import { describeCluster, test, writeSuites } from './suite-folder.ts';

const HANGING = `import { test } from '@playwright/test';
test('hangs', async () => { console.log('hanging'); await new Promise(() => {}); });
`;

test('Stops the checks and releases the cluster on Ctrl-C', async ({ folder, server }) => {
  test.setTimeout(300_000);
  const env = await writeSuites(folder, { 's/a.spec.ts': HANGING });
  const cluster = await describeCluster(folder, 'meshproof-here', server);
  const child = spawn(process.execPath, [join(PROJECT, 'scripts/meshproof.ts'), 'test', '--cluster=meshproof-here'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const hangs = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('hanging')) resolve();
      });
    }
  });
  await Promise.race([hangs, ended.then(() => Promise.reject(new Error(said)))]);
  // npm forwards the signal that the terminal has sent already. A different signal here, because the kernel merges two pending ones of a
  // kind; the order in which it delivers them is undefined.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await ended).toBe(130);
  expect(said).toMatch(/^(interrupted|terminated): cleaning up/m);
  expect(said).not.toContain('quit before everything was cleaned up');
  expect(existsSync(join(cluster, 'user.json'))).toBe(false);
});
