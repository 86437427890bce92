import { join, resolve } from 'node:path';

import { findEngines, type Engine } from '../../clusters/engine/engine.ts';
import { ensureEngine } from '../../clusters/engine/ensure.ts';
import { stopPrivateEngine } from '../../clusters/engine/private-engine.ts';
import { EXIT } from '../../clusters/errors.ts';
import { ensureExternalImages } from '../../clusters/external/images.ts';
import { ensureImages } from '../../clusters/images/ensure.ts';
import { listImages } from '../../clusters/images/list.ts';
import { EXTERNAL_IMAGE_NAMES, externalImages } from '../../clusters/images/recipes/external.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { requireImageSource } from '../run/provider.ts';

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
export async function buildImages({ mesh, engine: allowPrivate }: { mesh: Mesh; engine: boolean }): Promise<number> {
  const tag = await withEngine(allowPrivate, async (engine, task) => {
    const tag = await nodeImage('build', mesh, engine, task);
    await ensureExternal('build', engine, task);
    return tag;
  });
  process.stdout.write(`${tag} has been built\n`);
  return EXIT.ok;
}

/** Writes the images to a folder. @returns the exit code */
export async function saveImages(
  folder: string,
  { mesh, images, engine: allowPrivate }: { mesh: Mesh; images: string; engine: boolean },
): Promise<number> {
  const archive = join(resolve(folder), 'node.tar');
  await makeFolder(resolve(folder));
  await withEngine(allowPrivate, async (engine, task) => {
    const tag = await nodeImage(await requireImageSource(images), mesh, engine, task);
    task.progress?.(`saving ${tag}`);
    await engine.docker(['save', '-o', archive, tag], task);
    const external = await ensureExternal(images, engine, task);
    await engine.docker(['save', '-o', join(resolve(folder), 'external.tar'), ...external], task);
  });
  process.stdout.write(`${archive} contains the node image with everything its pods use; external.tar contains the external services\n`);
  return EXIT.ok;
}

/** The tag of the node image for a cluster with that mesh. */
async function nodeImage(mode: string, mesh: Mesh, engine: Engine, task: TaskContext): Promise<string> {
  const module = await meshModule(mesh);
  return (await ensureImages(mode, module.images(), engine, task)).tag;
}

/** Sees to it that the engine has the images of external services, and returns their names. */
async function ensureExternal(mode: string, engine: Engine, task: TaskContext): Promise<string[]> {
  await ensureExternalImages(EXTERNAL_IMAGE_NAMES, mode, engine, task);
  return (await externalImages()).map(({ name }) => name);
}

/** Lends the Docker engine, and stops one that was started for this alone. */
async function withEngine<T>(allowPrivate: boolean, use: (engine: Engine, task: TaskContext) => Promise<T>): Promise<T> {
  const progress = startProgress();
  const task = { signal: untilInterrupted(), progress: progress.say };
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
