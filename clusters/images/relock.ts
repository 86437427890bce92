import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { causeOf, MeshproofError } from '../errors.ts';
import { meshModules } from '../meshes.ts';
import type { TaskContext } from '../task-context.ts';
import { GO_PACKAGE } from './go.ts';
import { lock, writeLock, type Lock } from './lock.ts';
import type { Docker } from './node-image.ts';
import { publishedImages } from './node-pulled.ts';
import { publishedDigest } from './pull.ts';
import { externalImages } from './recipes/external.ts';
import { PLATFORMS, publishedChecksum } from './releases.ts';
import { KIND } from './tools.ts';
import { fetchWheel } from './wheels.ts';

/** A row that was asked for. */
export interface Asked {
  what: string;
  /** What it is locked to now. */
  locked?: string;
  /** Why nobody could tell: the row stays as it was. */
  problem?: string;
}

type Part = keyof Lock;

/** What is asked for, and of whom; nothing is known of it before. */
interface Question {
  part: Part;
  what: string;
  ask: (folder: string) => Promise<{ name: string; digest: string }>;
}

/**
 * Asks registries, release pages and the Python index what they publish under the names that are used, and writes their answers into the lock.
 * A row of which nobody could tell anything stays as it was, and none is made up.
 */
export async function relock(engine: Docker, registry: string | undefined, task: TaskContext): Promise<Asked[]> {
  const rows: Lock = structuredClone(await lock());
  const asked: Asked[] = [];
  for (const { part, what, ask } of await questions(engine, registry, task)) {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-lock-'));
    try {
      const { name, digest } = await ask(folder);
      rows[part][name] = digest;
      asked.push({ what: name, locked: digest });
    } catch (error) {
      task.signal?.throwIfAborted();
      if (!(error instanceof MeshproofError)) throw error;
      asked.push({ what, problem: causeOf(error) });
    } finally {
      await rm(folder, { recursive: true, force: true });
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
        ask: async (folder) => ({ name: file.url, digest: await publishedChecksum(file, folder, task) }),
      })),
    ...[...wheels].map((requirement): Question => ({
      part: 'wheels',
      what: requirement,
      ask: async (folder) => await fetchWheel(requirement, folder, task),
    })),
  ];
}
