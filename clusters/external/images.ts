import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { imageArtifact } from '../images/build.ts';
import { artifact } from '../images/cache.ts';
import { hasImage, registryAnswers } from '../images/ensure.ts';
import { archivesByTag } from '../images/folder.ts';
import type { Docker } from '../images/node-image.ts';
import { externalImage, type ExternalImageName } from '../images/recipes/external.ts';

type Wanted = Awaited<ReturnType<typeof externalImage>>;

async function build(engine: Docker, image: Wanted, task: TaskContext): Promise<void> {
  const folder = await artifact(await imageArtifact(image), task);
  task.progress?.(`loading ${image.name}`);
  await engine.docker(['load', '-i', join(folder, 'image.tar')], task);
}

/** Gives a published image the name of ours. A tag that is there is the engine's owner's, and names of this sort move: it is not pulled again. */
async function pull(engine: Docker, { name, upstream }: Wanted, task: TaskContext): Promise<void> {
  if (!(await hasImage(engine, upstream))) {
    task.progress?.(`pulling ${upstream}`);
    await engine.docker(['pull', upstream], task);
  }
  await engine.docker(['tag', upstream, name], task);
}

async function load(engine: Docker, { name }: Wanted, folder: string, task: TaskContext): Promise<void> {
  const archive = (await archivesByTag(folder, task)).get(name);
  if (archive === undefined) {
    throw new MeshproofError('IMAGE_UNAVAILABLE', `${folder} contains no archive with ${name}`, {
      hint: 'write the folder with `meshproof images save`, or omit --images',
    });
  }
  task.progress?.(`loading ${archive}`);
  await engine.docker(['load', '-i', archive], task);
}

/**
 * Sees to it that the engine has these images of external services.
 * @param mode as for `ensureImages`
 * @throws MeshproofError `IMAGE_UNAVAILABLE` when a folder of archives lacks one
 */
export async function ensureExternalImages(
  names: readonly ExternalImageName[],
  mode: string,
  engine: Docker,
  task: TaskContext,
): Promise<void> {
  let isPublished: boolean | undefined;
  for (const image of await Promise.all(names.map((name) => externalImage(name)))) {
    if (await hasImage(engine, image.name)) continue;
    if (mode !== 'build' && mode !== 'pull' && mode !== 'auto') await load(engine, image, mode, task);
    else {
      isPublished ??= mode === 'pull' || (mode === 'auto' && (await registryAnswers(engine, task)));
      await (isPublished ? pull(engine, image, task) : build(engine, image, task));
    }
  }
}

/**
 * The name of an image that the engine has.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` when it does not
 */
export async function requireExternalImage(name: ExternalImageName, engine: Docker): Promise<string> {
  const image = await externalImage(name);
  if (await hasImage(engine, image.name)) return image.name;
  throw new MeshproofError('IMAGE_UNAVAILABLE', `the engine has no image ${image.name}`, { hint: 'npx meshproof images build' });
}
