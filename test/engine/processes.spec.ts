import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { readdir, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

import { expect, test } from '@playwright/test';

import { exclusively, removeUnheldLocks } from '../../clusters/engine/exclusive.ts';
import { notInContainers, processesWith, programsWith } from '../../clusters/engine/process-search.ts';
import { endProcess, identify, identityIn, isAlive, lifeOf } from '../../clusters/engine/processes.ts';
import { scratchCache, scratchFolder } from './scratch.ts';

test.skip(process.platform !== 'linux', 'engines are started on Linux only');

test('a process is alive until it ends, and another one with its number is not it', async () => {
  const child = spawn('sleep', ['1000']);
  const identity = await identify(child.pid ?? 0);
  expect(await isAlive(identity)).toBe(true);
  expect(await lifeOf({ ...identity, began: '1' })).toBe('dead');
  await endProcess({ ...identity, began: '1' }, 5_000);
  expect(await isAlive(identity)).toBe(true);
  await endProcess(identity, 5_000);
  expect(await lifeOf(identity)).toBe('dead');
});

test('a process of another machine, or of another container, is never taken for dead', async () => {
  const gone = { host: 'a', boot: 'b/1', pid: 2 ** 30, began: '1' };
  expect(await lifeOf(gone, { host: 'a', boot: 'b/1' })).toBe('dead');
  // The same machine after another start.
  expect(await lifeOf(gone, { host: 'a', boot: 'c/1' })).toBe('dead');
  for (const here of [
    { host: 'z', boot: 'c/1' },
    { host: '', boot: 'b/2' },
    { host: '', boot: '' },
  ]) {
    expect(await lifeOf(gone, here)).toBe('unknown');
    expect(await lifeOf({ ...gone, host: '' }, here)).toBe('unknown');
  }
  expect(await lifeOf({ ...gone, boot: '' }, { host: 'z', boot: '' })).toBe('unknown');
  expect(await lifeOf(undefined)).toBe('unknown');
});

test('what is no record of a process is none', () => {
  for (const value of [undefined, null, 3, 'text', [], {}, { pid: 1, began: '' }, { host: '', boot: '', pid: -1, began: '' }]) {
    expect(identityIn(value)).toBeUndefined();
  }
  const record = { host: 'a', boot: 'b', pid: 1, began: 'c' };
  expect(identityIn({ ...record, more: true })).toEqual(record);
});

test('a process that ignores the request to end is killed', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
  await once(child.stdout, 'data');
  const identity = await identify(child.pid ?? 0);
  await endProcess(identity, 200);
  expect(await isAlive(identity)).toBe(false);
});

test('a process is found by all of the texts on its command line', async () => {
  const child = spawn('sleep', ['1000.25', '1000.5']);
  try {
    expect(await processesWith('sleep', '1000.25', '1000.5')).toContainEqual(await identify(child.pid ?? 0));
    expect(await processesWith('sleep', '1000.25', '1000.75')).toEqual([]);
  } finally {
    child.kill();
  }
});

test('a program is found by its name and an argument, and not by a command line that mentions both', async () => {
  const [engine, reader] = ['dockerd', 'grep'].map((argv0) =>
    spawn('sh', ['-c', 'while :; do sleep 0.05; done', 'dockerd', '--config-file', '/nowhere/daemon.json'], { argv0 }),
  );
  try {
    expect(await programsWith(/^dockerd$/, '/nowhere/daemon.json')).toEqual([await identify(engine?.pid ?? 0)]);
  } finally {
    engine?.kill();
    reader?.kill();
  }
});

test('a program in a container is not one of ours, whatever its arguments', async () => {
  test.skip(process.getuid?.() !== 0, 'only root makes name spaces everywhere');
  await using folder = await scratchFolder();
  const program = join(folder.path, 'dockerd');
  await symlink('/bin/sh', program);
  const loop = [program, '-c', 'echo ready; while :; do sleep 0.05; done', 'dockerd', '--config-file', '/nowhere/contained.json'];
  const [container, ours] = [
    spawn('unshare', ['--pid', '--mount', '--fork', '--kill-child', '--mount-proc', ...loop]),
    spawn(program, loop.slice(1)),
  ];
  try {
    await Promise.all([once(container.stdout, 'data'), once(ours.stdout, 'data')]);
    const found = await programsWith(/^dockerd$/, '/nowhere/contained.json');
    expect(found).toHaveLength(2);
    expect(await notInContainers(found)).toEqual([await identify(ours.pid ?? 0)]);
  } finally {
    container.kill('SIGKILL');
    ours.kill('SIGKILL');
  }
});

test('actions under one name never run at the same time', async () => {
  await using _ = await scratchCache();
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

test('the lock of a process lasts until it is killed, and is free then', async () => {
  await using _ = await scratchCache();
  const module = new URL('../../clusters/engine/exclusive.ts', import.meta.url).href;
  // Nothing but the lock itself refers to an action that waits for what nobody will ever tell it.
  const holder = `import { exclusively } from '${module}';
    setTimeout(() => { gc(); setInterval(() => console.log('held'), 100); }, 100);
    await exclusively('test of killing', () => new Promise(() => {}));`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', holder], { stdio: ['ignore', 'pipe', 'inherit'] });
  await using _child = { [Symbol.asyncDispose]: async () => void child.kill('SIGKILL') };
  await once(child.stdout, 'data');
  const waited: string[] = [];
  const turn = exclusively('test of killing', async () => 'ours', {
    progress: (description) => {
      waited.push(description);
      child.kill('SIGKILL');
    },
  });
  expect(await turn).toBe('ours');
  expect(waited).toEqual(['waiting for another meshproof process to release the test of killing']);
});

test('whoever has no right to the folder cannot hold its lock, and a lock that cannot be is told at once', async () => {
  await using folder = await scratchCache();
  // What any user of a Linux machine can hold.
  const anybody = createServer();
  await new Promise<void>((resolve) => anybody.listen('\0meshproof/test of rights', resolve));
  expect(await exclusively('test of rights', async () => 'ours')).toBe('ours');
  anybody.close();
  const nowhere = exclusively('test', async () => 'never', {}, { folder: '/proc/nowhere' });
  await expect(nowhere).rejects.toMatchObject({ code: 'LOCK_FAILED', message: expect.stringContaining('/proc/nowhere') });
  expect(folder.path).not.toBe('');
});

test('lock files that nobody holds are removed, and who waits at one that goes away keeps others out all the same', async () => {
  await using folder = await scratchFolder();
  const place = { folder: folder.path };
  const locks = async () => (await readdir(folder.path)).filter((name) => name.endsWith('.lock'));
  await exclusively('free', async () => undefined, {}, place);
  const sweptDuring = async () => {
    await removeUnheldLocks(folder.path);
    return await locks();
  };
  expect(await exclusively('held', sweptDuring, {}, place)).toEqual([expect.stringMatching(/^meshproof-held-/)]);
  const [file = ''] = await locks();
  // Between the sweep's look and its removal.
  const sweep = new DatabaseSync(join(folder.path, file), { timeout: 0 });
  sweep.exec('BEGIN EXCLUSIVE');
  const waits = Promise.withResolvers<void>();
  const order: string[] = [];
  const waiting = exclusively('held', async () => order.push('second'), { progress: () => waits.resolve() }, place);
  await waits.promise;
  await rm(join(folder.path, file));
  const first = Promise.withResolvers<void>();
  const quicker = exclusively('held', () => first.promise.then(() => order.push('first')), {}, place);
  await expect.poll(locks).toEqual([file]);
  sweep.close();
  first.resolve();
  await Promise.all([waiting, quicker]);
  expect(order).toEqual(['first', 'second']);
});

test('of two sweeps at once the slower one does not remove the lock file that someone has made since', async () => {
  await using folder = await scratchFolder();
  await exclusively('swept', async () => undefined, {}, { folder: folder.path });
  const [name = ''] = await readdir(folder.path);
  const file = join(folder.path, name);
  const real = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec') ?? {};
  // Between the sweep's opening of the file and its lock on it, as another sweep and another run would.
  DatabaseSync.prototype.exec = function exec(sql) {
    Object.defineProperty(DatabaseSync.prototype, 'exec', real);
    rmSync(file);
    writeFileSync(file, '');
    this.exec(sql);
  };
  try {
    await removeUnheldLocks(folder.path);
  } finally {
    Object.defineProperty(DatabaseSync.prototype, 'exec', real);
  }
  expect(await readdir(folder.path)).toEqual([name]);
});
