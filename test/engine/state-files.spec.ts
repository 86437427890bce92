import { readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { expect, test } from '@playwright/test';
import { assert, constantFrom, property, string } from 'fast-check';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { exec } from '../../clusters/exec.ts';
import { LEFT_BEHIND } from '../../clusters/errors.ts';
import { makeFolder, readJson, writeWhole } from '../../clusters/files.ts';
import { describeOrDeprovision } from '../../clusters/lifecycle.ts';
import { claimCluster, claimName, folderOf, keepCluster, ownerOf, removeFiles } from '../../clusters/registry/owner.ts';
import { claimForRemoval, isElsewhere } from '../../clusters/registry/removal.ts';
import { reservations, reserveRanges } from '../../clusters/kind/reservations.ts';
import { isClusterName } from '../../clusters/names.ts';
import { cacheFolder, clustersFolder, stateFolder } from '../../clusters/paths.ts';
import { isInUse, occupy, seize } from '../../clusters/registry/occupancy.ts';
import { scratchCache, scratchFolder } from './scratch.ts';

const NAME = 'meshproof-one';

test('a file is replaced whole, and what cannot be read is told from what is not there', async () => {
  await using folder = await scratchFolder();
  const file = join(folder.path, 'file');
  expect(await readJson(file)).toEqual({ found: 'nothing' });
  await Promise.all([1, 2, 3].map((n) => writeWhole(file, JSON.stringify([n]))));
  expect(await readJson(file)).toMatchObject({ found: 'value', value: [expect.any(Number)] });
  expect(await readdir(folder.path)).toEqual(['file']);
  for (const text of ['', '{"a":']) {
    await writeFile(file, text);
    expect(await readJson(file)).toMatchObject({ found: 'unreadable', problem: expect.stringContaining(file) });
  }
  expect(await readJson(folder.path)).toMatchObject({ found: 'unreadable' });
});

test('a folder that nobody can make is refused at once', async () => {
  test.skip(process.platform !== 'linux', 'there is no /proc');
  await expect(makeFolder('/proc/nowhere/at/all')).rejects.toThrow('ENOENT');
  await using folder = await scratchFolder();
  await makeFolder(join(folder.path, 'a/b'));
  await makeFolder(join(folder.path, 'a/b'));
  await writeFile(join(folder.path, 'file'), '');
  await expect(makeFolder(join(folder.path, 'file'))).rejects.toThrow('EEXIST');
});

test('a name of a cluster is one part of a path, and of DNS', () => {
  const part = constantFrom('meshproof-', '..', '/', 'a', 'A', '-', '.', '\n', '0');
  assert(
    property(string({ unit: part, maxLength: 12 }), (name) => {
      if (isClusterName(name)) expect(name).toMatch(/^meshproof-[a-z0-9-]{0,29}[a-z0-9]$/);
    }),
  );
  for (const name of ['meshproof-3f9a', 'meshproof-a', `meshproof-${'a'.repeat(30)}`]) expect(isClusterName(name)).toBe(true);
  for (const name of ['', 'meshproof-', 'meshproof-a-', 'meshproof-a\n', `meshproof-${'a'.repeat(31)}`])
    expect(isClusterName(name)).toBe(false);
  expect(() => folderOf('../../x')).toThrow('is not a valid cluster name');
});

test('empty variables are unset ones, relative ones mean one folder everywhere, and credentials are not in the cache', async () => {
  await using _ = await scratchCache();
  const { XDG_CACHE_HOME, XDG_STATE_HOME } = process.env;
  const now = (variables: Record<string, string>): string[] => {
    Object.assign(process.env, { MESHPROOF_CACHE: '', MESHPROOF_STATE: '', XDG_CACHE_HOME: '', XDG_STATE_HOME: '', ...variables });
    return [cacheFolder(), stateFolder()];
  };
  try {
    const usual = [join(homedir(), '.cache/meshproof'), join(homedir(), '.local/state/meshproof')];
    expect(now({})).toEqual(usual);
    expect(now({ XDG_CACHE_HOME: 'cache', XDG_STATE_HOME: './state' })).toEqual(usual);
    expect(now({ XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' })).toEqual(['/c/meshproof', '/s/meshproof']);
    expect(now({ MESHPROOF_CACHE: '/ci/.meshproof/' })).toEqual(['/ci/.meshproof', '/ci/.meshproof-state']);
    expect(clustersFolder()).toBe('/ci/.meshproof-state/clusters');
    expect(now({ MESHPROOF_CACHE: 'here' })).toEqual([resolve('here'), resolve('here-state')]);
    // What this process starts finds the same folder from another one.
    expect(process.env['MESHPROOF_CACHE']).toBe(resolve('here'));
  } finally {
    for (const [name, value] of Object.entries({ XDG_CACHE_HOME, XDG_STATE_HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('a name is claimed once, whatever lies in its folder', async () => {
  await using _ = await scratchCache();
  const claims = await Promise.allSettled([claimName(NAME), claimName('meshproof-two')]);
  expect(claims.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  // This process's own is its own.
  await claimName(NAME);
  for (const text of [JSON.stringify({ ...(await identify(process.pid)), pid: 2 ** 30 }), '{', '']) {
    await writeFile(join(folderOf(NAME), 'owner.json'), text);
    await expect(claimName(NAME)).rejects.toMatchObject({ code: 'CLUSTER_EXISTS', exitCode: 2 });
  }
  expect(await ownerOf(NAME)).toBe('unknown');
  await keepCluster(NAME);
  expect(await ownerOf(NAME)).toBe('none');
  await expect(claimName(NAME)).rejects.toMatchObject({ code: 'CLUSTER_EXISTS' });
  await removeFiles(folderOf(NAME));
  await claimName(NAME);
});

test('of those that take a cluster whose user is dead one gets it', async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  await keepCluster(NAME);
  const user = join(folderOf(NAME), 'user.json');
  await writeFile(user, JSON.stringify({ ...(await identify(process.pid)), pid: 2 ** 30 }));
  expect(await isInUse(NAME)).toBe(false);
  const taken = await Promise.all([occupy(NAME), occupy(NAME), seize({ name: NAME }), occupy(NAME)]);
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test('a cluster of whose user nobody can tell is in use', async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  await keepCluster(NAME);
  const me = await identify(process.pid);
  for (const text of ['', '{"pid":', 'null', JSON.stringify({ ...me, boot: 'another', host: 'another' })]) {
    await writeFile(join(folderOf(NAME), 'user.json'), text);
    expect(await occupy(NAME), text).toBe(false);
  }
});

test('a cluster of another machine is left alone where both machines are known and the engine is the machine’s own', async () => {
  await using _ = await scratchCache();
  const theirs = { name: NAME, dockerHost: 'unix:///var/run/docker.sock', host: 'theirs' };
  const here = (host: string) => ({ host, boot: '1' });
  expect(await isElsewhere(theirs, here('ours'))).toBe(true);
  expect(await isElsewhere(theirs, here('theirs'))).toBe(false);
  expect(await isElsewhere(theirs, here(''))).toBe(false);
  expect(await isElsewhere({ name: NAME, dockerHost: theirs.dockerHost }, here('ours'))).toBe(false);
  expect(await isElsewhere({ ...theirs, dockerHost: 'tcp://builder:2376' }, here('ours'))).toBe(false);
  await expect(claimForRemoval(theirs, here('ours'))).rejects.toMatchObject({ code: 'CLUSTER_ELSEWHERE' });
  expect(await ownerOf(NAME)).toBe('none');
  await claimForRemoval(theirs, here('theirs'));
  expect(await ownerOf(NAME)).toBe('alive');
});

test('a cluster can be removed from a full disk', async () => {
  await using folder = await scratchFolder();
  const mounted = await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.path]).then(
    () => true,
    () => false,
  );
  test.skip(!mounted, 'nothing may be mounted here');
  const { MESHPROOF_STATE: before = '' } = process.env;
  process.env['MESHPROOF_STATE'] = folder.path;
  try {
    await makeFolder(folderOf(NAME));
    await expect(writeFile(join(folder.path, 'full'), 'x'.repeat(100_000))).rejects.toThrow('ENOSPC');
    await claimForRemoval({ name: NAME });
    expect(await readdir(folderOf(NAME))).toEqual([]);
  } finally {
    process.env['MESHPROOF_STATE'] = before;
    await exec('umount', [folder.path]);
  }
});

test('a range whose file was cut off is free', async () => {
  await using state = await scratchCache();
  await reserveRanges('meshproof-a');
  await writeFile(join(state.path, 'ranges/0'), '');
  await writeFile(join(state.path, 'ranges/1'), '../../x');
  expect(await reservations()).toEqual([]);
  await reserveRanges('meshproof-b');
  expect(await readFile(join(state.path, 'ranges/0'), 'utf8')).toBe('meshproof-b');
});

test('a cluster of which no description can be written is taken down, or told to be left behind', async () => {
  await using _ = await scratchCache();
  const cluster: ClusterDescription = {
    name: NAME,
    provider: 'kind',
    kubeconfig: '',
    context: '',
    mesh: 'istio',
    rigs: [],
    versions: {},
    timings: {},
  };
  const lowered: string[] = [];
  // There is no folder to write it into.
  await expect(describeOrDeprovision(cluster, async ({ name }) => void lowered.push(name))).rejects.toThrow('ENOENT');
  expect(lowered).toEqual([NAME]);
  const stuck = describeOrDeprovision(cluster, () => Promise.reject(new Error('no daemon')));
  await expect(stuck).rejects.toMatchObject({ code: LEFT_BEHIND, message: expect.stringMatching(/ENOENT.*no daemon/) });
});
