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

test('Replaces a file atomically, and distinguishes an unreadable file from a missing one', async () => {
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

test('Fails at once if a folder cannot be created', async () => {
  test.skip(process.platform !== 'linux', 'there is no /proc');
  await expect(makeFolder('/proc/nowhere/at/all')).rejects.toThrow('ENOENT');
  await using folder = await scratchFolder();
  await makeFolder(join(folder.path, 'a/b'));
  await makeFolder(join(folder.path, 'a/b'));
  await writeFile(join(folder.path, 'file'), '');
  await expect(makeFolder(join(folder.path, 'file'))).rejects.toThrow('EEXIST');
});

test('Accepts only cluster names that are valid as one part of a path and of a DNS name', () => {
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

test('Treats empty variables as unset, resolves relative ones once, and keeps credentials out of the cache', async () => {
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
    // Child processes find the same folder from another working directory.
    expect(process.env['MESHPROOF_CACHE']).toBe(resolve('here'));
  } finally {
    for (const [name, value] of Object.entries({ XDG_CACHE_HOME, XDG_STATE_HOME })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('Lets a name be claimed once, whatever its folder contains', async () => {
  await using _ = await scratchCache();
  const claims = await Promise.allSettled([claimName(NAME), claimName('meshproof-two')]);
  expect(claims.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  // A process may claim its own name again.
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

test('Lets only one process take a cluster whose user is dead', async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  await keepCluster(NAME);
  const user = join(folderOf(NAME), 'user.json');
  await writeFile(user, JSON.stringify({ ...(await identify(process.pid)), pid: 2 ** 30 }));
  expect(await isInUse(NAME)).toBe(false);
  const taken = await Promise.all([occupy(NAME), occupy(NAME), seize({ name: NAME }), occupy(NAME)]);
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test("Treats a cluster as in use if its user's state is unknown", async () => {
  await using _ = await scratchCache();
  await claimCluster(NAME);
  await keepCluster(NAME);
  const me = await identify(process.pid);
  for (const text of ['', '{"pid":', 'null', JSON.stringify({ ...me, boot: 'another', host: 'another' })]) {
    await writeFile(join(folderOf(NAME), 'user.json'), text);
    expect(await occupy(NAME), text).toBe(false);
  }
});

test("Leaves another machine's cluster alone if both machines are known and the engine is local", async () => {
  await using _ = await scratchCache();
  const described = { name: NAME, dockerHost: 'unix:///var/run/docker.sock', host: 'other' };
  const here = (host: string) => ({ host, boot: '1' });
  expect(await isElsewhere(described, here('ours'))).toBe(true);
  expect(await isElsewhere(described, here('other'))).toBe(false);
  expect(await isElsewhere(described, here(''))).toBe(false);
  expect(await isElsewhere({ name: NAME, dockerHost: described.dockerHost }, here('ours'))).toBe(false);
  expect(await isElsewhere({ ...described, dockerHost: 'tcp://builder:2376' }, here('ours'))).toBe(false);
  await expect(claimForRemoval(described, here('ours'))).rejects.toMatchObject({ code: 'CLUSTER_ELSEWHERE' });
  expect(await ownerOf(NAME)).toBe('none');
  await claimForRemoval(described, here('other'));
  expect(await ownerOf(NAME)).toBe('alive');
});

test('Removes a cluster although the disk is full', async () => {
  await using folder = await scratchFolder();
  const mounted = await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.path]).then(
    () => true,
    () => false,
  );
  test.skip(!mounted, 'file systems cannot be mounted here');
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

test('Treats a range with a truncated file as free', async () => {
  await using state = await scratchCache();
  await reserveRanges('meshproof-a');
  await writeFile(join(state.path, 'ranges/0'), '');
  await writeFile(join(state.path, 'ranges/1'), '../../x');
  expect(await reservations()).toEqual([]);
  await reserveRanges('meshproof-b');
  expect(await readFile(join(state.path, 'ranges/0'), 'utf8')).toBe('meshproof-b');
});

test('Removes a cluster whose description cannot be written, or reports it as left behind', async () => {
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
  // The folder for the description does not exist.
  await expect(describeOrDeprovision(cluster, async ({ name }) => void lowered.push(name))).rejects.toThrow('ENOENT');
  expect(lowered).toEqual([NAME]);
  const stuck = describeOrDeprovision(cluster, () => Promise.reject(new Error('no daemon')));
  await expect(stuck).rejects.toMatchObject({ code: LEFT_BEHIND, message: expect.stringMatching(/ENOENT.*no daemon/) });
});
