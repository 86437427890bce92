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

test('Treats a process as alive until it ends, and does not confuse it with another one of the same PID', async () => {
  const child = spawn('sleep', ['1000']);
  const identity = await identify(child.pid ?? 0);
  expect(await isAlive(identity)).toBe(true);
  expect(await lifeOf({ ...identity, began: '1' })).toBe('dead');
  await endProcess({ ...identity, began: '1' }, 5_000);
  expect(await isAlive(identity)).toBe(true);
  await endProcess(identity, 5_000);
  expect(await lifeOf(identity)).toBe('dead');
});

test('Never treats a process of another machine or container as dead', async () => {
  const gone = { host: 'a', boot: 'b/1', pid: 2 ** 30, began: '1' };
  expect(await lifeOf(gone, { host: 'a', boot: 'b/1' })).toBe('dead');
  // The same machine after a reboot.
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

test('Rejects a value that is not a process record', () => {
  for (const value of [undefined, null, 3, 'text', [], {}, { pid: 1, began: '' }, { host: '', boot: '', pid: -1, began: '' }]) {
    expect(identityIn(value)).toBeUndefined();
  }
  const record = { host: 'a', boot: 'b', pid: 1, began: 'c' };
  expect(identityIn({ ...record, more: true })).toEqual(record);
});

test('Kills a process that ignores SIGTERM', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done']);
  await once(child.stdout, 'data');
  const identity = await identify(child.pid ?? 0);
  await endProcess(identity, 200);
  expect(await isAlive(identity)).toBe(false);
});

test('Finds a process by several texts on its command line', async () => {
  const child = spawn('sleep', ['1000.25', '1000.5']);
  try {
    expect(await processesWith('sleep', '1000.25', '1000.5')).toContainEqual(await identify(child.pid ?? 0));
    expect(await processesWith('sleep', '1000.25', '1000.75')).toEqual([]);
  } finally {
    child.kill();
  }
});

test('Finds a program by its name and an argument, but not a command line that mentions both', async () => {
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

test('Ignores a program in a container, whatever its arguments', async () => {
  test.skip(process.getuid?.() !== 0, 'only root can create namespaces on every machine');
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

test('Never runs two actions under one name at the same time', async () => {
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

test('Releases a lock when its process is killed, and not before', async () => {
  await using _ = await scratchCache();
  const module = new URL('../../clusters/engine/exclusive.ts', import.meta.url).href;
  // Only the lock itself refers to an action whose promise never settles.
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

test('Fails at once if locking is impossible, and ignores locks of users without access to the folder', async () => {
  await using folder = await scratchCache();
  // Any user of a Linux machine can bind this.
  const anybody = createServer();
  await new Promise<void>((resolve) => anybody.listen('\0meshproof/test of rights', resolve));
  expect(await exclusively('test of rights', async () => 'ours')).toBe('ours');
  anybody.close();
  const nowhere = exclusively('test', async () => 'never', {}, { folder: '/proc/nowhere' });
  await expect(nowhere).rejects.toMatchObject({ code: 'LOCK_FAILED', message: expect.stringContaining('/proc/nowhere') });
  expect(folder.path).not.toBe('');
});

test('Removes unheld lock files, and still excludes others for a process that waits on a removed one', async () => {
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
  // Between the sweep's check and its removal.
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

test('Keeps a lock file that was created anew while two sweeps ran at once', async () => {
  await using folder = await scratchFolder();
  await exclusively('swept', async () => undefined, {}, { folder: folder.path });
  const [name = ''] = await readdir(folder.path);
  const file = join(folder.path, name);
  const real = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, 'exec') ?? {};
  // As another sweep and another run would, between the sweep's opening of the file and locking it.
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
