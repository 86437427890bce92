import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { leftovers, withFolder } from '../../clusters/work-folder.ts';
import { scratchFolder, type Scratch } from './scratch.ts';

/** A temporary folder that is removed at the end of the scope. */
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

/** Starts a build in a process that is killed halfway. @returns the build's root */
async function killedBuild(purpose = 'build'): Promise<string> {
  const module = new URL('../../clusters/work-folder.ts', import.meta.url).href;
  const program = `import { withFolder } from '${module}';
    await withFolder('${purpose}', async (root) => { process.stdout.write(root); setTimeout(() => process.kill(process.pid, 'SIGKILL')); await new Promise(() => {}); });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  await once(child, 'close');
  return said;
}

test('Gives a build an empty folder, and removes it afterwards', async () => {
  await using place = await temporaryFolder();
  await withFolder('build', async (root) => {
    expect(await readdir(root)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
  expect(await readdir(place.path)).toEqual([]);
});

test('Removes what a killed build left, but nothing that is mounted or linked there', async () => {
  await using foreign = await scratchFolder();
  await writeFile(join(foreign.path, 'precious'), 'foreign');
  await using place = await temporaryFolder();
  const root = await killedBuild();
  await mkdir(join(root, 'proc'));
  await symlink(foreign.path, join(root, 'link'));
  await symlink(foreign.path, join(place.path, 'meshproof-build-link'));
  await exec('mount', ['--bind', foreign.path, join(root, 'proc')]).catch(() => '');
  const found = await leftovers();
  expect(found.map(({ what }) => what)).toEqual([`temporary folder ${join(root, '..')}`]);
  await found[0]?.remove();
  expect(await readdir(place.path)).toEqual(['meshproof-build-link']);
  expect(await readFile(join(foreign.path, 'precious'), 'utf8')).toBe('foreign');
});

test('Removes what a killed listing of the checks left', async () => {
  await using place = await temporaryFolder();
  await killedBuild('list');
  const [found] = await leftovers();
  await found?.remove();
  expect(await readdir(place.path)).toEqual([]);
});

test('Ends a program that is still running in the root of a killed build before removing it', async () => {
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

test('Removes a folder after a while if its creator was killed before writing its record', async () => {
  await using place = await temporaryFolder();
  const folder = join(place.path, 'meshproof-build-begun');
  await mkdir(folder);
  await writeFile(join(folder, 'probe'), '');
  expect(await leftovers()).toEqual([]);
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(folder, longAgo, longAgo);
  expect((await leftovers()).map(({ what }) => what)).toEqual([`temporary folder ${folder}`]);
  await writeFile(join(folder, 'precious'), '');
  await utimes(folder, longAgo, longAgo);
  expect(await leftovers()).toEqual([]);
});

test('Keeps and names a folder whose build may be running elsewhere', async () => {
  await using place = await temporaryFolder();
  await mkdir(join(place.path, 'meshproof-build-unmarked'));
  const spared: string[] = [];
  expect(await leftovers({ spare: (what) => spared.push(what) })).toEqual([]);
  expect(spared).toEqual([`temporary folder ${join(place.path, 'meshproof-build-unmarked')}`]);
});
