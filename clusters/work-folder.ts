import { chmod, lstat, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Leftover, LeftoversOptions } from './engine/leftover.ts';
import { mountsBelow } from './engine/mounts.ts';
import { notInContainers, processesRootedIn, programsWith } from './engine/process-search.ts';
import { endProcess, identify, identityIn, lifeOf } from './engine/processes.ts';
import { MeshproofError } from './errors.ts';
import { exec } from './exec.ts';
import { readJson, writeWhole } from './files.ts';
import { PROBE, temporaryFolder } from './temporary-folder.ts';

/** What a folder is for, which is part of its name. */
const PURPOSES = ['build', 'list', 'lock', 'soak', 'bench'] as const;
type Purpose = (typeof PURPOSES)[number];

const prefixOf = (purpose: Purpose): string => `meshproof-${purpose}-`;
const ROOT = 'root';
/** Next to the root and not in it, because everything in the root becomes part of the image. */
const OWNER = 'owner.json';

/** Passes a new empty folder to `use` and always removes it afterwards; what a killed process leaves of it is a leftover. */
export async function withFolder<T>(purpose: Purpose, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await realpath(await temporaryFolder(prefixOf(purpose)));
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

/** The folders whose process is dead. */
export async function leftovers({ spare }: LeftoversOptions = {}): Promise<Leftover[]> {
  const place = await realpath(tmpdir());
  const names = (await readdir(place)).filter((name) => PURPOSES.some((purpose) => name.startsWith(prefixOf(purpose))));
  const found = await Promise.all(
    names.map(async (name): Promise<Leftover[]> => {
      const folder = join(place, name);
      const what = `temporary folder ${folder}`;
      // Anybody may create anything in the temporary folder, including symbolic links.
      if (!(await isOwnFolder(folder))) return [];
      const reading = await readJson(join(folder, OWNER));
      if (reading.found === 'nothing' && (await isUnbegun(folder))) return [{ what, remove: () => removeFolder(folder) }];
      const life = await lifeOf(reading.found === 'value' ? identityIn(reading.value) : undefined);
      if (life === 'unknown') spare?.(what, 'the record of its owner is missing, cannot be read, or is from another machine or container');
      return life === 'dead' ? [{ what, remove: () => removeFolder(folder) }] : [];
    }),
  );
  return found.flat();
}

/** Programs of a build that have the root, or a path in it, in their arguments. debootstrap is a shell script. */
const BUILDERS = /^(debootstrap|sh|dash|chroot|tar|dpkg-deb|wget)$/;
/** After this time, the process that created a folder has either written its record or was killed before that. */
const UNTIL_BEGUN_MS = 600_000;

/** Whether the process that created a folder was killed before writing its record, and so before creating anything else. */
async function isUnbegun(folder: string): Promise<boolean> {
  const [names, { mtimeMs }] = await Promise.all([readdir(folder), lstat(folder)]);
  return names.every((name) => name === PROBE || name.startsWith(`.${OWNER}`)) && Date.now() - mtimeMs > UNTIL_BEGUN_MS;
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/**
 * Removes a build's folder, the owner record last. Programs of an interrupted build may still be running, such as debootstrap and its child
 * processes: they are ended first. What they have mounted there, such as the machine's own folders, is unmounted and never entered.
 * @throws MeshproofError `COMMAND_FAILED` or `BUILD_FOLDER_MOUNTED` while something is still mounted there
 */
async function removeFolder(folder: string): Promise<void> {
  for (const find of [() => programsWith(BUILDERS, `${folder}/`), () => processesRootedIn(folder)])
    await Promise.all((await notInContainers(await find())).map((found) => endProcess(found, 5_000)));
  for (const path of await mountsBelow(folder)) await exec('umount', [path], { timeoutMs: 30_000 });
  const [left] = await mountsBelow(folder);
  if (left !== undefined)
    throw new MeshproofError('BUILD_FOLDER_MOUNTED', `something is still mounted at ${left}`, { hint: `umount ${left}` });
  await rm(join(folder, ROOT), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
