import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from '@playwright/test';

import { exclusively } from '../../clusters/engine/exclusive.ts';
import { endProcess, identify, isAlive, processesWith } from '../../clusters/engine/processes.ts';

test.skip(process.platform !== 'linux', 'engines are started on Linux only');

test('a process is alive until it ends, and another one with its number is not it', async () => {
  const child = spawn('sleep', ['1000']);
  const identity = await identify(child.pid ?? 0);
  expect(await isAlive(identity)).toBe(true);
  expect(await isAlive({ ...identity, began: 'another boot/1' })).toBe(false);
  await endProcess(identity.pid, 5_000);
  expect(await isAlive(identity)).toBe(false);
});

test('a process that ignores the request to end is killed', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
  await once(child.stdout, 'data');
  const identity = await identify(child.pid ?? 0);
  await endProcess(identity.pid, 200);
  expect(await isAlive(identity)).toBe(false);
});

test('a process is found by all of the texts on its command line', async () => {
  const child = spawn('sleep', ['1000.25', '1000.5']);
  try {
    expect(await processesWith('sleep', '1000.25', '1000.5')).toContain(child.pid);
    expect(await processesWith('sleep', '1000.25', '1000.75')).toEqual([]);
  } finally {
    child.kill();
  }
});

test('actions under one name never run at the same time', async () => {
  let inside = 0;
  let most = 0;
  const action = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await setImmediate();
    inside -= 1;
  };
  await Promise.all([1, 2, 3].map(() => exclusively('test of actions', action)));
  expect(most).toBe(1);
});

test('the lock of a killed process is free', async () => {
  const module = new URL('../../clusters/engine/exclusive.ts', import.meta.url).href;
  const holder = `import { exclusively } from '${module}'; await exclusively('test of killing', () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', holder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const waited: string[] = [];
  const turn = exclusively('test of killing', async () => 'ours', {
    progress: (doing) => {
      waited.push(doing);
      child.kill('SIGKILL');
    },
  });
  expect(await turn).toBe('ours');
  expect(waited).toEqual(['waiting for another meshproof to be done with the test of killing']);
});
