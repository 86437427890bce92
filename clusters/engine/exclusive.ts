import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

import { causeOf, MeshproofError } from '../errors.ts';
import { makeFolder } from '../files.ts';
import { stateFolder } from '../paths.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';

export interface ExclusiveOptions {
  /** Where the lock lies: whoever works with the same folder keeps out of each other's way. Default: the state folder's own. */
  folder?: string;
  /** How long another one may take; default 15 minutes. */
  timeoutMs?: number;
}

/** Locks of this process. One that nothing refers to would be collected with its file open, and be free while its action is under way. */
const held = new Set<DatabaseSync>();

/**
 * Runs `action` while no other process runs one under the same name with the same folder.
 * The lock is SQLite's on an empty file, that is the kernel's on Linux and macOS: it lets go when its holder dies, whatever the way, so there is
 * no stale lock to judge, it holds between containers that share the folder, and only who may write there can take it.
 * @throws MeshproofError `LOCK_FAILED` where there can be no such lock, `TIMED_OUT`, or the signal's reason
 */
export async function exclusively<T>(
  name: string,
  action: () => Promise<T>,
  task: TaskContext = {},
  { folder = join(stateFolder(), 'locks'), timeoutMs = 900_000 }: ExclusiveOptions = {},
): Promise<T> {
  const file = join(folder, fileName(name));
  for (;;) {
    const { lock, inode } = await open(folder, file);
    held.add(lock);
    try {
      await taken(lock, file, { name, timeoutMs }, task);
      // On a file that a sweep has removed meanwhile, or before it could be looked at, it keeps nobody out.
      if (inode !== undefined && inode === inodeOf(file)) return await action();
    } finally {
      held.delete(lock);
      lock.close();
    }
  }
}

/** Removes the lock files that nobody holds: each name leaves one behind, that of a cluster which is long gone too. */
export async function removeUnheldLocks(folder: string = join(stateFolder(), 'locks')): Promise<void> {
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => /^meshproof-.*\.lock$/.test(name));
  for (const name of names) {
    const file = join(folder, name);
    const { lock, inode } = await open(folder, file);
    try {
      lock.exec('BEGIN EXCLUSIVE');
      // Another sweep may have removed that file meanwhile: the one of that name is then another, and may be held.
      if (inode !== undefined && inode === inodeOf(file)) await rm(file, { force: true });
    } catch {
      // It is held, or is no lock of ours.
    } finally {
      lock.close();
    }
  }
}

function fileName(name: string): string {
  const readable = name.replaceAll(/[^\w.]+/g, '-').slice(0, 40);
  return `meshproof-${readable}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}.lock`;
}

async function open(folder: string, file: string): Promise<{ lock: DatabaseSync; inode: number | undefined }> {
  try {
    await makeFolder(folder);
    const { DatabaseSync } = await import('node:sqlite');
    const lock = new DatabaseSync(file, { timeout: 0 });
    return { lock, inode: inodeOf(file) };
  } catch (cause) {
    throw failure(file, cause);
  }
}

/** What tells the file from another one that has its name later, as long as it is open. */
function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

async function taken(
  lock: DatabaseSync,
  file: string,
  { name, timeoutMs }: { name: string; timeoutMs: number },
  { progress, signal }: TaskContext,
): Promise<void> {
  const what = `another meshproof process to release the ${name}`;
  let waiting = false;
  const outcome = await until<true | MeshproofError>(
    () => {
      try {
        lock.exec('BEGIN EXCLUSIVE');
        return true;
      } catch (error) {
        // Thrown it would be taken for "not yet".
        if (!isBusy(error)) return failure(file, error);
        if (!waiting) progress?.(`waiting for ${what}`);
        waiting = true;
        return undefined;
      }
    },
    { what, timeoutMs, everyMs: 50, ...(signal ? { signal } : {}) },
  );
  if (outcome !== true) throw outcome;
}

/** SQLITE_BUSY of sqlite3.h. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function failure(file: string, cause: unknown): MeshproofError {
  return new MeshproofError('LOCK_FAILED', `${file} cannot be locked: ${causeOf(cause)}`, {
    cause,
    hint: 'set MESHPROOF_CACHE and MESHPROOF_STATE to folders on a local file system',
  });
}
