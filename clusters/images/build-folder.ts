import { chmod, lstat, mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Leftover, LeftoversOptions } from '../engine/leftover.ts';
import { mountsBelow } from '../engine/mounts.ts';
import { identify, identityIn, lifeOf } from '../engine/processes.ts';
import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { readJson, writeWhole } from '../files.ts';

const PREFIX = 'meshproof-build-';
const ROOT = 'root';
/** Beside the root, and not in it: all that is in the root comes into the image. */
const OWNER = 'owner.json';

/** Gives a new empty folder to `use` and removes it afterwards, whatever happens; what a killed process leaves of it is a leftover. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), PREFIX));
  try {
    await writeWhole(join(folder, OWNER), JSON.stringify(await identify(process.pid)));
    const root = join(folder, ROOT);
    await mkdir(root);
    await chmod(root, 0o755);
    return await use(root);
  } finally {
    await removeFolder(folder);
  }
}

/** The folders of builds whose process is dead. */
export async function leftovers({ spare }: LeftoversOptions = {}): Promise<Leftover[]> {
  const place = await realpath(tmpdir());
  const names = (await readdir(place)).filter((name) => name.startsWith(PREFIX));
  const found = await Promise.all(
    names.map(async (name): Promise<Leftover[]> => {
      const folder = join(place, name);
      const what = `build folder ${folder}`;
      // Anybody may put anything into the temporary folder, a link to something else too.
      if (!(await isOwnFolder(folder))) return [];
      const reading = await readJson(join(folder, OWNER));
      const life = await lifeOf(reading.found === 'value' ? identityIn(reading.value) : undefined);
      if (life === 'unknown') spare?.(what, 'the record of its owner is missing, cannot be read, or is of another machine or container');
      return life === 'dead' ? [{ what, remove: () => removeFolder(folder) }] : [];
    }),
  );
  return found.flat();
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/**
 * Removes a build's folder, the owner's record last. A build that was cut off may have mounted the machine's own folders in its root: those are
 * unmounted and never gone into.
 * @throws MeshproofError `COMMAND_FAILED` or `BUILD_FOLDER_MOUNTED` while something is still mounted there
 */
async function removeFolder(folder: string): Promise<void> {
  for (const path of await mountsBelow(folder)) await exec('umount', [path], { timeoutMs: 30_000 });
  const [left] = await mountsBelow(folder);
  if (left !== undefined)
    throw new MeshproofError('BUILD_FOLDER_MOUNTED', `something is still mounted at ${left}`, { hint: `umount ${left}` });
  await rm(join(folder, ROOT), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
