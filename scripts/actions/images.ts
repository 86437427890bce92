import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { findEngines, type Engine } from '../../clusters/engine/engine.ts';
import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { ensureExternalImages } from '../../clusters/external/images.ts';
import { archiveTags } from '../../clusters/images/archive.ts';
import { requireDownloads } from '../../clusters/images/download.ts';
import { ensureImages } from '../../clusters/images/ensure.ts';
import { LOCK_FILE, lock } from '../../clusters/images/lock.ts';
import { listImages } from '../../clusters/images/list.ts';
import { EXTERNAL_IMAGE_NAMES, externalImages } from '../../clusters/images/recipes/external.ts';
import { requireRegistry, shortName, type ImageSource } from '../../clusters/images/registry.ts';
import { relock } from '../../clusters/images/relock.ts';
import { folderNotMade, makeFolder } from '../../clusters/make-folder.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { assertWritable } from '../../clusters/writable.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { requireImageSource, requireMeshVersion } from '../run/provider.ts';

/** A mesh, and one of its versions; default the newest. */
interface OfMesh {
  mesh: Mesh;
  meshVersion?: string;
}

/** Prints every image of the table. @returns the exit code */
export async function printImages(output: 'text' | 'json'): Promise<number> {
  const listed = await listImages();
  const rows = listed.map(({ name, upstream, recipe, cached }) => [
    name,
    upstream || '-',
    cached ? 'built' : recipe ? 'can be built' : 'pulled or loaded',
  ]);
  process.stdout.write(
    `${output === 'json' ? JSON.stringify(listed, undefined, 2) : columns([['IMAGE', 'UPSTREAM', 'STATE'], ...rows])}\n`,
  );
  return EXIT.ok;
}

/** Builds what is missing. @returns the exit code */
export async function buildImages({ engine: allowPrivate, ...mesh }: OfMesh & { engine: boolean }): Promise<number> {
  requireMeshVersion(mesh);
  const tag = await withEngine(allowPrivate, async (engine, task) => {
    const tag = await nodeImage({ from: 'build' }, mesh, engine, task);
    await ensureExternal({ from: 'build' }, engine, task);
    return tag;
  });
  process.stdout.write(`${tag} has been built\n`);
  return EXIT.ok;
}

/** Pins every image and download to what registries and release pages publish now. @returns the exit code */
export async function lockImages({ registry, engine: allowPrivate }: { registry?: string; engine: boolean }): Promise<number> {
  const mirror = registry === undefined ? undefined : requireRegistry(registry);
  requireDownloads();
  await lock();
  const asked = await withEngine(allowPrivate, (engine, task) => relock(engine, mirror, task));
  for (const { what, locked, problem } of asked) process.stdout.write(`${what}  ${locked ?? `unchanged: ${problem}`}\n`);
  const unanswered = asked.filter(({ problem }) => problem !== undefined).length;
  process.stdout.write(`${LOCK_FILE} has been written: ${asked.length - unanswered} of ${asked.length} entries are up to date\n`);
  return unanswered === 0 ? EXIT.ok : EXIT.unproven;
}

/** Writes the images to a folder. @returns the exit code */
export async function saveImages(
  folder: string,
  options: OfMesh & { images: string; registry?: string; engine: boolean },
): Promise<number> {
  const [archive, external] = ['node.tar', 'external.tar'].map((name) => join(resolve(folder), name)) as [string, string];
  requireMeshVersion(options);
  const source = await requireImageSource(options);
  await requireFolder(resolve(folder));
  await requireOwn([archive, external]);
  await withEngine(options.engine, async (engine, task) => {
    const tag = await nodeImage(source, options, engine, task);
    await makeFolder(resolve(folder));
    task.progress?.(`saving ${tag}`);
    await engine.docker(['save', '-o', archive, tag], task);
    const services = await ensureExternal(source, engine, task);
    await engine.docker(['save', '-o', external, ...services], task);
  });
  process.stdout.write(`${archive} contains the node image with everything its pods use; external.tar contains the external services\n`);
  return EXIT.ok;
}

/** Checked before the build, which takes minutes. Creates nothing. @throws MeshproofError `FOLDER_NOT_MADE` */
async function requireFolder(folder: string): Promise<void> {
  await assertWritable(folder).catch((cause: unknown) => {
    throw folderNotMade(folder, cause);
  });
}

/**
 * Ensures that saving replaces only archives that were saved before: someone may have named their own archives like that.
 * @throws MeshproofError `IMAGES_FOLDER` with exit code 2
 */
async function requireOwn(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!existsSync(file)) continue;
    const tags = await archiveTags(file, {}).catch((): string[] => []);
    if (tags.length > 0 && tags.every((tag) => shortName(tag).startsWith('meshproof/'))) continue;
    throw new MeshproofError('IMAGES_FOLDER', `${file} was not written by images save, and would be replaced`, {
      hint: 'choose another folder, or move that file',
      exitCode: EXIT.usage,
    });
  }
}

/** The tag of the node image for a cluster with that mesh. */
async function nodeImage(source: ImageSource, { mesh, meshVersion }: OfMesh, engine: Engine, task: TaskContext): Promise<string> {
  const module = await meshModule(mesh);
  return (await ensureImages(source, module.images(meshVersion), engine, task)).tag;
}

/** Ensures that the engine has the images of external services, and returns their names. */
async function ensureExternal(source: ImageSource, engine: Engine, task: TaskContext): Promise<string[]> {
  await ensureExternalImages(EXTERNAL_IMAGE_NAMES, source, engine, task);
  return (await externalImages()).map(({ name }) => name);
}

/** Runs `use` with a Docker engine, and stops the engine afterwards if it was started only for this. */
async function withEngine<T>(allowPrivate: boolean, use: (engine: Engine, task: TaskContext) => Promise<T>): Promise<T> {
  const progress = startProgress();
  const task = { signal: untilInterrupted(), progress: progress.say };
  await assertWritable(cacheFolder());
  const before = await findEngines(task);
  const engine = await ensureEngine({ allowPrivate }, task);
  try {
    return await use(engine, task);
  } finally {
    if (engine.private && !before.some((one) => one.private)) await stopPrivateEngine({ progress: progress.say });
    progress.pause();
  }
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
