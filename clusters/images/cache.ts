import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { exclusively } from '../engine/exclusive.ts';
import { makeFolder, membersOf, readJson, writeWhole } from '../files.ts';
import { cacheFolder } from '../paths.ts';
import type { TaskContext } from '../task-context.ts';

const SEAL = 'sealed.json';

/** SHA-256 of a file's content, in hexadecimal. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** A short hash of everything that determines a build's result; objects must have a stable order of keys. */
export function hashOf(...inputs: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

/** Hashes of the files in a folder, with their paths, as an input of hashOf. */
export async function folderInputs(folder: string, accept: (path: string) => boolean = () => true): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const wanted = paths.filter((path) => accept(path)).toSorted();
  return Promise.all(wanted.map(async (path): Promise<[string, string]> => [path, await digestOf(join(folder, path))]));
}

export interface Artifact {
  /** e.g. `node-base`; part of the folder's name. */
  name: string;
  /** Hash of the inputs. */
  hash: string;
  /** Creates the files in an empty folder. It must leave nothing elsewhere. */
  make: (folder: string, task: TaskContext) => Promise<void>;
}

/** Whether a folder contains exactly the files that its seal lists, unchanged. It detects damage, but not intentional changes. */
async function isIntact(folder: string): Promise<boolean> {
  const reading = await readJson(join(folder, SEAL));
  const seal = Object.entries(membersOf(reading.found === 'value' ? reading.value : undefined));
  const files = (await readdir(folder).catch((): string[] => [])).filter((name) => name !== SEAL);
  if (seal.length === 0 || files.length !== seal.length) return false;
  const intact = await Promise.all(
    seal.map(async ([name, digest]) => files.includes(name) && (await digestOf(join(folder, name)).catch(() => '')) === digest),
  );
  return intact.every(Boolean);
}

/** The folder of an artifact that was once built completely; only `artifact` verifies its content. */
function artifactFolder({ name, hash }: Pick<Artifact, 'name' | 'hash'>): string {
  return join(cacheFolder(), 'artifacts', `${name}-${hash}`);
}

/** Whether the artifact was built; fast, because it reads no content. */
export async function isCached(artifact: Pick<Artifact, 'name' | 'hash'>): Promise<boolean> {
  return stat(join(artifactFolder(artifact), SEAL)).then(
    () => true,
    () => false,
  );
}

/**
 * The folder with the artifact's files: from the cache if every file has its recorded SHA-256, and otherwise built again. It is built in an
 * adjacent folder and renamed, so that an interrupted build leaves no entry that looks complete. If several processes want it at once, only
 * one of them builds it.
 */
export async function artifact(wanted: Artifact, task: TaskContext): Promise<string> {
  const folder = artifactFolder(wanted);
  if (await isIntact(folder)) return folder;
  return onceInCache(basename(folder), () => make(wanted, folder, task), task);
}

async function make(wanted: Artifact, folder: string, task: TaskContext): Promise<string> {
  if (await isIntact(folder)) return folder;
  if (await isCached(wanted)) task.progress?.(`${wanted.name}: the cached files are damaged; rebuilding them`);
  await makeFolder(dirname(folder));
  // Under the lock, any other draft belongs to a killed process.
  const drafts = (await readdir(dirname(folder))).filter((name) => name.startsWith(`${basename(folder)}.draft-`));
  for (const name of drafts) await rm(join(dirname(folder), name), { recursive: true, force: true });
  const draft = `${folder}.draft-${randomBytes(3).toString('hex')}`;
  await mkdir(draft);
  try {
    await wanted.make(draft, task);
    const files = (await readdir(draft)).toSorted();
    const digests = await Promise.all(files.map(async (name) => [name, await digestOf(join(draft, name))]));
    await writeWhole(join(draft, SEAL), JSON.stringify(Object.fromEntries(digests), null, 2));
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Enough for the longest build on a slow, busy machine. */
const BUILD_MS = 7_200_000;

/** Builds something in the cache while no other process with the same cache builds the same. */
export function onceInCache<T>(what: string, action: () => Promise<T>, task: TaskContext): Promise<T> {
  return exclusively(what, action, task, { folder: join(cacheFolder(), 'locks'), timeoutMs: BUILD_MS });
}
