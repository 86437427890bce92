import { join, resolve } from 'node:path';

import { Option, type Command } from 'commander';

import type { Engine } from '../../clusters/engine/engine.ts';
import { EXIT } from '../../clusters/errors.ts';
import { makeFolder } from '../../clusters/make-folder.ts';
import type { Work } from '../../clusters/work.ts';
import { command } from '../console/command.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { requireImageSource } from '../console/cluster-options.ts';
import { listImages } from '../../clusters/images/list.ts';

export function imagesCommand(): Command {
  const images = command('images', { about: 'The images that clusters use.', example: 'npx meshproof images build' });
  images.addCommand(listCommand());
  images.addCommand(buildCommand());
  images.addCommand(saveCommand());
  return images;
}

function listCommand(): Command {
  return command('list', {
    about: 'Lists every image: where it is published, whether it can be built, whether it is.',
    example: 'npx meshproof images list',
  })
    .addOption(new Option('-o, --output <format>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      const listed = await listImages();
      const rows = listed.map(({ name, upstream, recipe, cached }) => [
        name,
        upstream || '-',
        cached ? 'built' : recipe ? 'can be built' : 'pulled or loaded',
      ]);
      process.stdout.write(
        `${output === 'json' ? JSON.stringify(listed, undefined, 2) : columns([['IMAGE', 'UPSTREAM', 'STATE'], ...rows])}\n`,
      );
      process.exitCode = EXIT.ok;
    });
}

function buildCommand(): Command {
  return command('build', {
    about: 'Builds what is missing from package registries, and the node image that holds it all.',
    example: 'npx meshproof images build',
  })
    .option('--no-engine', 'never start a private Docker engine')
    .action(async ({ engine: allowPrivate }: { engine: boolean }) => {
      const tag = await withEngine(allowPrivate, async (engine, work) => {
        const tag = await nodeImage('build', engine, work);
        await ensureExternal('build', engine, work);
        return tag;
      });
      process.stdout.write(`${tag} is built\n`);
      process.exitCode = EXIT.ok;
    });
}

function saveCommand(): Command {
  return command('save', {
    about: 'Writes the images to a folder that --images=FOLDER takes on a machine without registries.',
    example: 'npx meshproof images save archives',
  })
    .argument('<folder>', 'where to; made when it is not there')
    .option('--images <source>', 'auto, pull, build, or a folder of archives', 'auto')
    .option('--no-engine', 'never start a private Docker engine')
    .action(async (folder: string, { images, engine: allowPrivate }: { images: string; engine: boolean }) => {
      const archive = join(resolve(folder), 'node.tar');
      await makeFolder(resolve(folder));
      await withEngine(allowPrivate, async (engine, work) => {
        const tag = await nodeImage(await requireImageSource(images), engine, work);
        work.progress?.(`saving ${tag}`);
        await engine.docker(['save', '-o', archive, tag], work);
        const external = await ensureExternal(images, engine, work);
        await engine.docker(['save', '-o', join(resolve(folder), 'external.tar'), ...external], work);
      });
      process.stdout.write(`${archive} holds the node image with all that its pods use, external.tar the external services\n`);
      process.exitCode = EXIT.ok;
    });
}

/** The tag of the node image for a cluster whose mesh nobody has named. */
async function nodeImage(mode: string, engine: Engine, work: Work): Promise<string> {
  const { ensureImages } = await import('../../clusters/images/ensure.ts');
  const { DEFAULT_MESH, meshModule } = await import('../../clusters/meshes.ts');
  const module = await meshModule(DEFAULT_MESH);
  return (await ensureImages(mode, module.images(), engine, work)).tag;
}

/** Sees to it that the engine has the images of external services, and returns their names. */
async function ensureExternal(mode: string, engine: Engine, work: Work): Promise<string[]> {
  const { ensureExternalImages } = await import('../../clusters/external/images.ts');
  const { EXTERNAL_IMAGE_NAMES, externalImages } = await import('../../clusters/images/recipes/external.ts');
  await ensureExternalImages(EXTERNAL_IMAGE_NAMES, mode, engine, work);
  return (await externalImages()).map(({ name }) => name);
}

/** Lends the Docker engine, and stops one that was started for this alone. */
async function withEngine<T>(allowPrivate: boolean, use: (engine: Engine, work: Work) => Promise<T>): Promise<T> {
  const [{ findEngines }, { ensureEngine }, { stopPrivateEngine }] = await Promise.all([
    import('../../clusters/engine/engine.ts'),
    import('../../clusters/engine/ensure.ts'),
    import('../../clusters/engine/private-engine.ts'),
  ]);
  const progress = startProgress();
  const work = { signal: untilInterrupted(), progress: progress.say };
  const before = await findEngines(work);
  const engine = await ensureEngine({ allowPrivate }, work);
  try {
    return await use(engine, work);
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
