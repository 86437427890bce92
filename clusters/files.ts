import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { causeOf } from './errors.ts';

/** Writes a file whole or not at all, whenever this process or the machine ends: a reader sees what was there before, or all of the new text. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(text);
      // Else the name may reach the disk before the text does.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Makes a folder and those above it. Node's own way never returns below /proc, where nobody can make one. */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(path, { mode }).catch(async (error: NodeJS.ErrnoException) => {
      // What is there may be a link to a folder.
      if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await make();
  });
}

/** What was found in a file of ours. What cannot be read is no reason to stop, and none to take the file for absent. */
export type Reading = { found: 'nothing' } | { found: 'value'; value: unknown } | { found: 'unreadable'; problem: string };

/** Reads a JSON file. Never throws. */
export async function readJson(file: string): Promise<Reading> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    return isAbsent ? { found: 'nothing' } : { found: 'unreadable', problem: `${file}: ${causeOf(error)}` };
  }
  try {
    const value: unknown = JSON.parse(text);
    return { found: 'value', value };
  } catch (error) {
    return { found: 'unreadable', problem: text === '' ? `${file} is empty` : `${file}: ${causeOf(error)}` };
  }
}

/** The members of a value that is an object, and none of any other. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
