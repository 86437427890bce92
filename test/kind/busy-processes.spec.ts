import { spawn } from 'node:child_process';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { busyScript, busyTimeOf } from '../../clusters/kind/busy-processes.ts';
import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { until } from '../../clusters/until.ts';

const HERE = { command: [] };
const CPUS = Number((await exec('nproc', [])).trim());

/** How many processes run, and the milliseconds of CPU time that they have used. */
async function busy(id: string): Promise<{ running: number; usedMs: number }> {
  const [running = 0, usedMs = 0] = (await exec('bash', ['-c', busyTimeOf(id)])).split(' ').map(Number);
  return { running, usedMs };
}

const works = (id: string) => until(async () => (await busy(id)).usedMs > 100, { what: 'CPU time', timeoutMs: 20_000 });
const rests = (id: string) => until(async () => (await busy(id)).running === 0, { what: 'the end', timeoutMs: 20_000 });

test('Keeps each CPU busy with one process, and no longer after it is reverted @engine', async () => {
  const held = await LeasedProcess.start(HERE, busyScript('a1', 60));
  expect((await busy('a1')).running).toBe(CPUS);
  expect((await busy('a2')).running).toBe(0);
  await works('a1');
  await held.end();
  expect(await busy('a1')).toEqual({ running: 0, usedMs: 0 });
});

test('Lets the processes end when the one that holds them is killed, and at their limit @engine', async () => {
  const { apply } = busyScript('b1', 60);
  const holder = spawn('bash', ['-c', `${apply}\nread -r line`], { stdio: ['pipe', 'ignore', 'ignore'] });
  await works('b1');
  holder.kill('SIGKILL');
  await rests('b1');
  const held = await LeasedProcess.start(HERE, busyScript('b2', 1));
  await rests('b2');
  await held.end();
});
