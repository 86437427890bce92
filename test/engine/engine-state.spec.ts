import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { otherUsers, useEngine } from '../../clusters/engine/engine-users.ts';
import { privateEngineFiles, type PrivateEngineSettings } from '../../clusters/engine/private-engine-config.ts';
import { mountPoints } from '../../clusters/engine/mounts.ts';
import { daemonMounts, startPrivateEngine, stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { idlePrivateEngine, privateEngineProcesses, privateEngineState } from '../../clusters/engine/private-engine-state.ts';
import { identify, isAlive } from '../../clusters/engine/processes.ts';
import { scratchFolder, type Scratch } from './scratch.ts';

test.skip(process.platform !== 'linux', 'private engines are started on Linux only');

/** The settings of an engine whose client finds no daemon, until the end of the scope. */
async function bench(): Promise<Scratch & { settings: PrivateEngineSettings }> {
  const folder = await scratchFolder();
  const run = join(folder.path, 'run');
  await mkdir(run);
  await writeFile(join(folder.path, 'docker'), '#!/bin/sh\necho no answer >&2\nexit 1\n');
  await chmod(join(folder.path, 'docker'), 0o755);
  const { PATH } = process.env;
  process.env['PATH'] = `${folder.path}:${PATH}`;
  const settings = { run, data: join(folder.path, 'data'), bridge: 'meshproof-tst', gateway: '', pool: '', patienceMs: 300 };
  return {
    path: folder.path,
    settings,
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = PATH;
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('Waits for a silent daemon, reports it, and neither ends nor stops it', async () => {
  await using place = await bench();
  const { settings } = place;
  expect(await privateEngineState(settings)).toBe('gone');
  const config = privateEngineFiles(settings).config;
  const loop = ['-c', 'while :; do sleep 0.05; done', 'sh', '--config-file', config];
  const [daemon, reader] = [spawn('sh', loop, { argv0: 'dockerd' }), spawn('sh', loop, { argv0: 'less' })];
  try {
    const identity = await identify(daemon.pid ?? 0);
    expect(await privateEngineProcesses(settings)).toEqual([identity]);
    expect(await privateEngineState(settings)).toBe('silent');
    await expect(startPrivateEngine({}, settings)).rejects.toMatchObject({
      code: 'ENGINE_SILENT',
      message: expect.stringContaining(String(daemon.pid)),
    });
    if (process.getuid?.() === 0) expect(await stopPrivateEngine({}, settings)).toBe(false);
    expect(await idlePrivateEngine(settings)).toBeUndefined();
    expect(await isAlive(identity)).toBe(true);
  } finally {
    daemon.kill();
    reader.kill();
  }
});

test('Does not stop an engine with containers that the docker on PATH does not show', async () => {
  await using place = await bench();
  const { settings, path } = place;
  await writeFile(join(path, 'docker'), '#!/bin/sh\nexit 0\n');
  const loop = (argv0: string, argument: string) =>
    spawn('sh', ['-c', 'while :; do sleep 0.05; done', 'sh', argument], { argv0, stdio: 'ignore' });
  const files = privateEngineFiles(settings);
  const [daemon, shim] = [loop('dockerd', files.config), loop('containerd-shim-runc-v2', `${files.execRoot}/containerd`)];
  try {
    expect(await idlePrivateEngine(settings)).toBeUndefined();
    shim.kill();
    expect(await idlePrivateEngine(settings)).toBe(files.host);
  } finally {
    daemon.kill();
    shim.kill();
  }
});

test('Does not treat an unseen daemon as gone if its socket accepts connections', async () => {
  await using place = await bench();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(privateEngineFiles(place.settings).socket, resolve));
  expect(await privateEngineState(place.settings)).toBe('silent');
  await new Promise((resolve) => server.close(resolve));
  expect(await privateEngineState(place.settings)).toBe('gone');
});

test('Counts processes of unknown state as users of the engine, but neither dead ones nor this one', async () => {
  await using place = await bench();
  const { run } = place.settings;
  await useEngine(run);
  expect(await otherUsers(run)).toEqual([]);
  const users = join(run, 'users');
  await writeFile(join(users, '1'), '{"pid": 1');
  await writeFile(join(users, '2'), JSON.stringify({ ...(await identify(process.pid)), host: 'another', boot: 'another' }));
  await writeFile(join(users, '3'), JSON.stringify({ ...(await identify(process.pid)), pid: 2 ** 30 }));
  expect((await otherUsers(run)).toSorted()).toEqual(['1', '2']);
});

test('Unmounts what a daemon mounted, but not what an administrator mounted for it', () => {
  const points = [
    '/cache/engine/data',
    '/cache/engine/data/overlay2',
    '/cache/engine/data/overlay2/a/merged',
    '/cache/engine/data/containers/a/mounts/shm',
    '/cache/engine',
    '/run/x/exec/netns/default',
    '/run/x',
  ];
  const mountinfo = points.map((point) => `36 35 98:0 / ${point} rw - ext4 /dev/sdb1 rw\n`).join('');
  expect(daemonMounts(mountinfo, { run: '/run/x', data: '/cache/engine' }).toSorted()).toEqual([points[3], points[2], points[5]]);
});

test('Unmounts a data folder that a killed daemon left mounted on itself, but no volume or other folder', () => {
  const settings = { run: '/run/x', data: '/home/a/engine' };
  const home = '27 1 8:1 / /home rw - ext4 /dev/sda1 rw\n';
  const at = (device: string, root: string) =>
    daemonMounts(`${home}42 27 ${device} ${root} /home/a/engine/data rw - ext4 x rw\n`, settings);
  expect(at('8:1', '/a/engine/data')).toEqual(['/home/a/engine/data']);
  expect(at('8:1', '/elsewhere')).toEqual([]);
  expect(at('8:2', '/a/engine/data')).toEqual([]);
});

test('Decodes spaces in mount points', () => {
  const line = String.raw`36 35 98:0 / /my\040cache/\134x rw,noatime master:1 - ext4 /dev/root rw`;
  expect(mountPoints(`${line}\n`)).toEqual([String.raw`/my cache/\x`]);
});
