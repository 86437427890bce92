import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { cacheFolder } from '../paths.ts';
import type { Work } from '../work.ts';

const SEAL = 'sealed.json';

/** SHA-256 of a file's content, in hexadecimal. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** A short hash of anything that decides a build's result; objects must have a stable order of keys. */
export function hashOf(...inputs: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

/** Content hashes of the files below a folder by path, as an input of hashOf. */
export async function folderInputs(folder: string, accept: (path: string) => boolean = () => true): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const wanted = paths.filter((path) => accept(path)).toSorted();
  return Promise.all(wanted.map(async (path): Promise<[string, string]> => [path, await digestOf(join(folder, path))]));
}

export interface Artifact {
  /** e.g. `go-istio`; part of the folder's name. */
  name: string;
  /** Hash of the inputs. */
  hash: string;
  /** Makes the files in an empty folder. It must leave nothing elsewhere. */
  make: (folder: string, work: Work) => Promise<void>;
}

async function isIntact(folder: string): Promise<boolean> {
  try {
    const seal = JSON.parse(await readFile(join(folder, SEAL), 'utf8')) as Record<string, string>;
    const digests = await Promise.all(Object.keys(seal).map((name) => digestOf(join(folder, name))));
    return Object.values(seal).every((digest, index) => digest === digests[index]);
  } catch {
    return false;
  }
}

/** The folder of an artifact that was made whole at some time; its content is verified only by `artifact`. */
function artifactFolder({ name, hash }: Pick<Artifact, 'name' | 'hash'>): string {
  return join(cacheFolder(), 'artifacts', `${name}-${hash}`);
}

/** Whether the artifact was made; cheap, reads no content. */
export async function isCached(artifact: Pick<Artifact, 'name' | 'hash'>): Promise<boolean> {
  return stat(join(artifactFolder(artifact), SEAL)).then(
    () => true,
    () => false,
  );
}

/**
 * The folder with the artifact's files: from the cache when every file there has its recorded SHA-256, else made anew.
 * Made in a folder beside it and renamed, so that an interrupted build leaves no entry that looks whole.
 */
export async function artifact(wanted: Artifact, work: Work): Promise<string> {
  const folder = artifactFolder(wanted);
  if (await isIntact(folder)) return folder;
  if (await isCached(wanted)) work.progress?.(`${wanted.name}: the cached files are damaged; making them again`);
  const draft = `${folder}.draft-${randomBytes(3).toString('hex')}`;
  await mkdir(draft, { recursive: true });
  try {
    await wanted.make(draft, work);
    const files = (await readdir(draft)).toSorted();
    const digests = await Promise.all(files.map(async (name) => [name, await digestOf(join(draft, name))]));
    await writeFile(join(draft, SEAL), JSON.stringify(Object.fromEntries(digests), null, 2));
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
