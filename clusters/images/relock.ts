import { dirname } from 'node:path';

import { causeOf, MeshproofError } from '../errors.ts';
import { meshModules } from '../meshes.ts';
import type { TaskContext } from '../task-context.ts';
import { withFolder } from '../work-folder.ts';
import { assertWritable } from '../writable.ts';
import { GO_PACKAGE } from './go.ts';
import { LOCK_FILE, lock, writeLock, type Lock } from './lock.ts';
import type { Docker } from './node-image.ts';
import { publishedImages } from './node-pulled.ts';
import { publishedDigest } from './pull.ts';
import { externalImages } from './recipes/external.ts';
import { PLATFORMS, publishedChecksum } from './releases.ts';
import { KIND } from './tools.ts';
import { fetchWheel } from './wheels.ts';

/** The result for one row. */
export interface Asked {
  what: string;
  /** The digest in the lock now. */
  locked?: string;
  /** Why the digest could not be determined, so that the row is unchanged. */
  problem?: string;
}

type Part = keyof Lock;

/** A row to determine. */
interface Question {
  part: Part;
  what: string;
  ask: (folder: string) => Promise<{ name: string; digest: string }>;
}

/**
 * Reads from registries, release pages and the Python package index the digests of everything that is used, and writes them to the lock. A
 * row whose digest cannot be determined is unchanged.
 */
export async function relock(engine: Docker, registry: string | undefined, task: TaskContext): Promise<Asked[]> {
  const rows: Lock = structuredClone(await lock());
  // Checked first, because the queries take minutes.
  await assertWritable(dirname(LOCK_FILE));
  const asked: Asked[] = [];
  for (const { part, what, ask } of await questions(engine, registry, task)) {
    try {
      const { name, digest } = await withFolder('lock', ask);
      rows[part][name] = digest;
      asked.push({ what: name, locked: digest });
    } catch (error) {
      task.signal?.throwIfAborted();
      if (!(error instanceof MeshproofError)) throw error;
      asked.push({ what, problem: causeOf(error) });
    }
  }
  await writeLock(rows);
  return asked;
}

async function questions(engine: Docker, registry: string | undefined, task: TaskContext): Promise<Question[]> {
  const meshes = await meshModules();
  const every = <T>(of: (mesh: (typeof meshes)[number], version: string) => readonly T[]): T[] =>
    meshes.flatMap((mesh) => mesh.versions.flatMap((version) => of(mesh, version)));
  const images = new Set([
    ...publishedImages(every(({ images }, version) => images(version))),
    ...(await externalImages()).flatMap(({ upstream = [] }) => upstream),
  ]);
  const releases = [KIND, ...every(({ tool }, version) => [tool(version)])].flatMap(({ release = [] }) => release);
  const wheels = new Set([GO_PACKAGE, ...every(({ wheels }, version) => wheels(version))]);
  return [
    ...[...images].map((name): Question => ({
      part: 'images',
      what: name,
      ask: async () => ({ name, digest: await publishedDigest(engine, name, { registry, hurried: true }, task) }),
    })),
    ...releases
      .flatMap((release) => PLATFORMS.map((platform) => release(platform)))
      .map((file): Question => ({
        part: 'downloads',
        what: file.url,
        ask: async (folder) => ({ name: file.url, digest: await publishedChecksum(file, folder, task, { hurried: true }) }),
      })),
    ...[...wheels].map((requirement): Question => ({
      part: 'wheels',
      what: requirement,
      ask: async (folder) => await fetchWheel(requirement, folder, task),
    })),
  ];
}
