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
  /** Folder of the lock: processes exclude each other if they use the same folder. Default: a folder in the state folder. */
  folder?: string;
  /** How long to wait for another process, in milliseconds; default 15 minutes. */
  timeoutMs?: number;
}

/**
 * Locks held by this process. Without this reference a lock could be garbage-collected, which would close its file and release it while the
 * action is running.
 */
const held = new Set<DatabaseSync>();

/**
 * Runs `action` while no other process runs one under the same name with the same folder. The lock is SQLite's lock on an empty file, and
 * thus the kernel's on Linux and macOS. It is released however its holder dies, so there are no stale locks; it works between containers
 * that share the folder; and only those who may write to the folder can take it.
 * @throws MeshproofError `LOCK_FAILED` if locking is impossible, `TIMED_OUT`, or the signal's reason
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
      // If a sweep has removed the file in the meantime, a lock on it excludes nobody, so try again.
      if (inode !== undefined && inode === inodeOf(file)) return await action();
    } finally {
      held.delete(lock);
      lock.close();
    }
  }
}

/** Removes the lock files that nobody holds. Every name leaves one behind, including those of removed clusters. */
export async function removeUnheldLocks(folder: string = join(stateFolder(), 'locks')): Promise<void> {
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => /^meshproof-.*\.lock$/.test(name));
  for (const name of names) {
    const file = join(folder, name);
    const { lock, inode } = await open(folder, file);
    try {
      lock.exec('BEGIN EXCLUSIVE');
      // Another sweep may have removed that file in the meantime. A file of the same name is then a new one, which may be locked.
      if (inode !== undefined && inode === inodeOf(file)) await rm(file, { force: true });
    } catch {
      // The file is locked, or is not a lock file of meshproof.
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

/** Identifies the file for as long as it is open, even if another file takes its name. */
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
        // Returned, because a thrown error would mean "try again".
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

/** SQLITE_BUSY in sqlite3.h. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function failure(file: string, cause: unknown): MeshproofError {
  return new MeshproofError('LOCK_FAILED', `${file} cannot be locked: ${causeOf(cause)}`, {
    cause,
    hint: 'set MESHPROOF_CACHE and MESHPROOF_STATE to folders on a local file system',
  });
}
