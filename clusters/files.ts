import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { causeOf } from './errors.ts';

/** Writes a file atomically, even if this process or the machine stops: a reader sees either the previous content or all of the new one. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', mode);
    try {
      await handle.writeFile(text);
      // Otherwise the name may reach the disk before the content.
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

/** Creates a folder and its parents. Node's own function never returns below /proc, where no folder can be created. */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(path, { mode }).catch(async (error: NodeJS.ErrnoException) => {
      // A symbolic link to a folder will do.
      if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
    });
  await make().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await make();
  });
}

/** The result of reading a file of meshproof. An unreadable file is not an error, but must not be treated as missing. */
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

/** The members of an object; none for any other value. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
