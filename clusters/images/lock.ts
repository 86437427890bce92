import { join } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import { membersOf, readJson, writeWhole } from '../files.ts';
import { once } from '../once.ts';

/** Written by `meshproof images lock` and checked in. */
export const LOCK_FILE = join(import.meta.dirname, 'lock.json');

/**
 * Digests of published files and images. A download must match its row. Without a row, a release file must match the checksum that its
 * release publishes, an image is pulled by its tag and reported as unpinned, and a Python package is accepted as it is. Go modules have
 * their go.sum, and Debian's packages are signed.
 */
export interface Lock {
  /** Name of an image, with its registry and tag → the digest from the registry, `sha256:…`. */
  images: Record<string, string>;
  /** URL of a file on a release page → its SHA-256, in hexadecimal. */
  downloads: Record<string, string>;
  /** Name of a file in the Python package index → its SHA-256, in hexadecimal. */
  wheels: Record<string, string>;
}

/** The lock of this checkout; read once per process. Throws the errors of `readLock`. */
export const lock = once(() => readLock(LOCK_FILE));

const DIGESTS: Readonly<Record<keyof Lock, RegExp>> = {
  images: /^sha256:[0-9a-f]{64}$/,
  downloads: /^[0-9a-f]{64}$/,
  wheels: /^[0-9a-f]{64}$/,
};

/**
 * Reads a lock. A damaged lock is an error, because a lock without rows would accept everything.
 * @throws MeshproofError `LOCK_INVALID` with exit code 2
 */
export async function readLock(file: string): Promise<Lock> {
  const reading = await readJson(file);
  if (reading.found !== 'value') throw invalid(reading.found === 'nothing' ? `there is no ${file}` : reading.problem);
  const parts = membersOf(reading.value);
  // Of a newer meshproof; they would be ignored here, and lost when the lock is written again.
  const [unknown] = Object.keys(parts).filter((part) => !(part in DIGESTS));
  if (unknown !== undefined) throw invalid(`${file} has an unknown part: ${unknown}`);
  for (const [part, digest] of Object.entries(DIGESTS)) {
    const rows = parts[part];
    if (typeof rows !== 'object' || rows === null || Array.isArray(rows)) throw invalid(`${file} has no ${part}`);
    const [wrong] = Object.entries(rows).filter(([, value]) => typeof value !== 'string' || !digest.test(value));
    if (wrong !== undefined) throw invalid(`${file}: ${wrong[0]} in ${part} is not a SHA-256: ${JSON.stringify(wrong[1])}`);
  }
  return reading.value as Lock;
}

function invalid(problem: string): MeshproofError {
  return new MeshproofError('LOCK_INVALID', `the lock of downloads cannot be used: ${problem}`, {
    hint: 'restore it: git checkout -- clusters/images/lock.json',
    exitCode: EXIT.usage,
  });
}

/** Writes the rows, sorted by name. Processes that have read the lock already do not notice. */
export async function writeLock(rows: Lock): Promise<void> {
  const inOrder = (part: Record<string, string>) => Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const sorted: Lock = { images: inOrder(rows.images), downloads: inOrder(rows.downloads), wheels: inOrder(rows.wheels) };
  await writeWhole(LOCK_FILE, `${JSON.stringify(sorted, undefined, 2)}\n`);
}
