import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeWhole } from '../files.ts';
import { once } from '../once.ts';

/** Written by `meshproof images lock` and checked in. */
export const LOCK_FILE = join(import.meta.dirname, 'lock.json');

/**
 * What is fetched and may be nothing else, as those who publish it have said. Whatever has no row is taken as it comes, and is told of as unpinned.
 * Go modules have their go.sum; Debian's packages are signed.
 */
export interface Lock {
  /** Name of an image, with its registry and tag → `sha256:…`, the digest that the registry gave for it. */
  images: Record<string, string>;
  /** Address of a file on a release page → its SHA-256, in hexadecimal. */
  downloads: Record<string, string>;
  /** Name of a file of the Python index → its SHA-256, in hexadecimal. */
  wheels: Record<string, string>;
}

/** The lock of this checkout; read once in a process. */
export const lock = once(async () => JSON.parse(await readFile(LOCK_FILE, 'utf8')) as Lock);

/** Writes rows, in the order of their names, for the processes that begin from now on. */
export async function writeLock(rows: Lock): Promise<void> {
  const inOrder = (part: Record<string, string>) => Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const sorted: Lock = { images: inOrder(rows.images), downloads: inOrder(rows.downloads), wheels: inOrder(rows.wheels) };
  await writeWhole(LOCK_FILE, `${JSON.stringify(sorted, undefined, 2)}\n`);
}
