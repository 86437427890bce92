import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { expect as quick, test } from '@playwright/test';

import { PROJECT } from './run.ts';

/** Starting a process takes long on a busy machine. */
const expect = quick.configure({ timeout: 20_000 });

test('Exits at once on another Ctrl-C, but not on the echo of the first, and names the way out', async () => {
  const module = join(PROJECT, 'scripts/console/interrupt.ts');
  const program = `import { untilInterrupted } from ${JSON.stringify(module)}; untilInterrupted(); for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => console.log(name, 'outlived')); setInterval(() => {}, 1000); console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said).toContain('ready');
  child.kill('SIGINT');
  // Not SIGINT again, because the kernel merges two pending signals of a kind.
  child.kill('SIGTERM');
  await expect.poll(() => said).toContain('SIGINT outlived');
  await expect.poll(() => said).toContain('SIGTERM outlived');
  expect(said).toMatch(/(interrupted|terminated): cleaning up/);
  await expect
    .poll(() => {
      if (child.exitCode === null) child.kill('SIGINT');
      return child.exitCode;
    })
    .toBe(130);
  expect(said).toContain('npx meshproof sweep');
});

test('Says what interrupted it', async () => {
  const module = join(PROJECT, 'scripts/console/interrupt.ts');
  for (const [name, words] of [
    ['SIGINT', 'interrupted by SIGINT'],
    ['SIGTERM', 'interrupted by SIGTERM'],
    ['SIGHUP', 'interrupted by SIGHUP'],
  ] as const) {
    const program = `import { untilInterrupted } from ${JSON.stringify(module)}; const signal = untilInterrupted(); signal.addEventListener('abort', () => { console.log(signal.reason.message); process.exit(); }); setInterval(() => {}, 1000); process.kill(process.pid, '${name}');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await new Promise((resolve) => child.once('close', resolve));
    quick(said.trim()).toBe(words);
  }
});
