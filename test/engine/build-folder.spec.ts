import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { leftovers, withFolder } from '../../clusters/images/build-folder.ts';
import { scratchFolder, type Scratch } from './scratch.ts';

/** A temporary folder of the test's own, as long as the scope lasts. */
async function temporaryFolder(): Promise<Scratch> {
  const folder = await scratchFolder();
  const { TMPDIR: before } = process.env;
  process.env['TMPDIR'] = folder.path;
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Begins a build in a process that is killed midway. @returns the build's root */
async function killedBuild(): Promise<string> {
  const module = new URL('../../clusters/images/build-folder.ts', import.meta.url).href;
  const program = `import { withFolder } from '${module}';
    await withFolder(async (root) => { process.stdout.write(root); setTimeout(() => process.kill(process.pid, 'SIGKILL')); await new Promise(() => {}); });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  await once(child, 'close');
  return said;
}

test('a build has an empty folder of its own, which goes with it', async () => {
  await using place = await temporaryFolder();
  await withFolder(async (root) => {
    expect(await readdir(root)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
  expect(await readdir(place.path)).toEqual([]);
});

test('what a killed build left is removed, and nothing that is mounted or linked in it', async () => {
  await using theirs = await scratchFolder();
  await writeFile(join(theirs.path, 'precious'), 'theirs');
  await using place = await temporaryFolder();
  const root = await killedBuild();
  await mkdir(join(root, 'proc'));
  await symlink(theirs.path, join(root, 'link'));
  await symlink(theirs.path, join(place.path, 'meshproof-build-link'));
  await exec('mount', ['--bind', theirs.path, join(root, 'proc')]).catch(() => '');
  const found = await leftovers();
  expect(found.map(({ what }) => what)).toEqual([`build folder ${join(root, '..')}`]);
  await found[0]?.remove();
  expect(await readdir(place.path)).toEqual(['meshproof-build-link']);
  expect(await readFile(join(theirs.path, 'precious'), 'utf8')).toBe('theirs');
});

test('a program that goes on in the root of a killed build is ended before the root goes', async () => {
  test.skip(process.platform !== 'linux', 'finds processes by /proc');
  await using place = await temporaryFolder();
  const root = await killedBuild();
  const outlives = spawn('tar', ['-C', root, '-xf', '-']);
  const other = spawn('tar', ['-C', place.path, '-xf', '-']);
  await Promise.all([once(outlives, 'spawn'), once(other, 'spawn')]);
  const [found] = await leftovers();
  await Promise.all([once(outlives, 'exit'), found?.remove()]);
  expect(other.exitCode ?? other.signalCode).toBeNull();
  other.kill();
});

test('a folder whose maker was killed before it could write its record is removed after a while', async () => {
  await using place = await temporaryFolder();
  const folder = join(place.path, 'meshproof-build-begun');
  await mkdir(folder);
  await writeFile(join(folder, 'probe'), '');
  expect(await leftovers()).toEqual([]);
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(folder, longAgo, longAgo);
  expect((await leftovers()).map(({ what }) => what)).toEqual([`build folder ${folder}`]);
  await writeFile(join(folder, 'precious'), '');
  await utimes(folder, longAgo, longAgo);
  expect(await leftovers()).toEqual([]);
});

test('a folder whose build nobody here can judge stays, and is named', async () => {
  await using place = await temporaryFolder();
  await mkdir(join(place.path, 'meshproof-build-unmarked'));
  const spared: string[] = [];
  expect(await leftovers({ spare: (what) => spared.push(what) })).toEqual([]);
  expect(spared).toEqual([`build folder ${join(place.path, 'meshproof-build-unmarked')}`]);
});
