import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import type { Work } from '../work.ts';
import { imageArtifact } from '../images/build.ts';
import { artifact } from '../images/cache.ts';
import { hasImage, registryAnswers } from '../images/ensure.ts';
import { archivesByTag } from '../images/folder.ts';
import type { Docker } from '../images/node-image.ts';
import { externalImage, type ExternalImageName } from '../images/recipes/external.ts';

type Wanted = Awaited<ReturnType<typeof externalImage>>;

async function build(engine: Docker, image: Wanted, work: Work): Promise<void> {
  const folder = await artifact(await imageArtifact(image), work);
  work.progress?.(`loading ${image.name}`);
  await engine.docker(['load', '-i', join(folder, 'image.tar')], work);
}

/** Gives a published image the name of ours. A tag that is there is the engine's owner's, and names of this sort move: it is not pulled again. */
async function pull(engine: Docker, { name, upstream }: Wanted, work: Work): Promise<void> {
  if (!(await hasImage(engine, upstream))) {
    work.progress?.(`pulling ${upstream}`);
    await engine.docker(['pull', upstream], work);
  }
  await engine.docker(['tag', upstream, name], work);
}

async function load(engine: Docker, { name }: Wanted, folder: string, work: Work): Promise<void> {
  const archive = (await archivesByTag(folder, work)).get(name);
  if (archive === undefined) {
    throw new MeshproofError('IMAGE_UNAVAILABLE', `${folder} contains no archive with ${name}`, {
      hint: 'write the folder with `meshproof images save`, or omit --images',
    });
  }
  work.progress?.(`loading ${archive}`);
  await engine.docker(['load', '-i', archive], work);
}

/**
 * Sees to it that the engine has these images of external services.
 * @param mode as for `ensureImages`
 * @throws MeshproofError `IMAGE_UNAVAILABLE` when a folder of archives lacks one
 */
export async function ensureExternalImages(names: readonly ExternalImageName[], mode: string, engine: Docker, work: Work): Promise<void> {
  let isPublished: boolean | undefined;
  for (const image of await Promise.all(names.map((name) => externalImage(name)))) {
    if (await hasImage(engine, image.name)) continue;
    if (mode !== 'build' && mode !== 'pull' && mode !== 'auto') await load(engine, image, mode, work);
    else {
      isPublished ??= mode === 'pull' || (mode === 'auto' && (await registryAnswers(engine, work)));
      await (isPublished ? pull(engine, image, work) : build(engine, image, work));
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
