import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { BUILDER } from '../images/archive.ts';
import { imageArtifact } from '../images/build.ts';
import { artifact } from '../images/cache.ts';
import { pulledOrBuilt } from '../images/ensure.ts';
import { archivesByTag } from '../images/folder.ts';
import { lock } from '../images/lock.ts';
import type { Docker } from '../images/node-image.ts';
import { hasImage } from '../images/node-tag.ts';
import { pullImage, type PullOptions } from '../images/pull.ts';
import { externalImage, type ExternalImageName } from '../images/recipes/external.ts';
import { mirrored, type ImageSource } from '../images/registry.ts';

type Wanted = Awaited<ReturnType<typeof externalImage>>;

async function build(engine: Docker, image: Wanted, task: TaskContext): Promise<void> {
  const folder = await artifact(await imageArtifact(image), task);
  task.progress?.(`loading ${image.name}`);
  await engine.docker(['load', '-i', join(folder, 'image.tar')], task);
}

/**
 * Pulls a published image and tags it with meshproof's name. An existing tag is the engine owner's, and such tags move, so it is not pulled
 * again; an image with a digest in the lock is pulled by that, whatever the tag means here.
 */
async function pull(engine: Docker, { name, upstream }: Wanted, options: PullOptions, task: TaskContext): Promise<void> {
  const published = mirrored(upstream, options.registry);
  const pinned = (await lock()).images[upstream] !== undefined;
  const reference = !pinned && (await hasImage(engine, published)) ? published : await pullImage(engine, upstream, options, task);
  await engine.docker(['tag', reference, name], task);
}

async function load(engine: Docker, { name }: Wanted, folder: string, task: TaskContext): Promise<void> {
  const archive = (await archivesByTag(folder, task)).get(name);
  if (archive === undefined) {
    throw new MeshproofError('IMAGE_UNAVAILABLE', `${folder} contains no archive with ${name}`, {
      hint: 'write the folder with `npx meshproof images save`, or omit --images',
    });
  }
  task.progress?.(`loading ${archive}`);
  await engine.docker(['load', '-i', archive], task);
}

/**
 * Whether the engine has the image and it may be used: one that was not built here must have the digest in the lock, if there is one. It may
 * have been pulled by its tag before that, or from a mirror with another image.
 */
async function isUsable(engine: Docker, { name, upstream }: Wanted): Promise<boolean> {
  if (!(await hasImage(engine, name))) return false;
  const digest = (await lock()).images[upstream];
  if (digest === undefined) return true;
  const digests = await engine.docker(['image', 'inspect', '--format', '{{json .RepoDigests}}', name]);
  if (digests.includes(`@${digest}"`)) return true;
  return (await engine.docker(['image', 'history', '--no-trunc', '--format', '{{.CreatedBy}}', name])) === BUILDER;
}

/**
 * Ensures that the engine has these images of external services. One that it has already is used if it complies with the lock; archives of a
 * folder are loaded as they are.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` if a folder of archives lacks one
 */
export async function ensureExternalImages(
  names: readonly ExternalImageName[],
  { from, registry }: ImageSource,
  engine: Docker,
  task: TaskContext,
): Promise<void> {
  for (const image of await Promise.all(names.map((name) => externalImage(name)))) {
    if (await isUsable(engine, image)) continue;
    const building = () => build(engine, image, task);
    if (from === 'build') await building();
    else if (from === 'pull') await pull(engine, image, { registry }, task);
    else if (from === 'auto') await pulledOrBuilt(() => pull(engine, image, { hurried: true }, task), building, task);
    else await load(engine, image, from, task);
  }
}

/**
 * The name of an image on the engine.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` if the engine does not have it
 */
export async function requireExternalImage(name: ExternalImageName, engine: Docker): Promise<string> {
  const image = await externalImage(name);
  if (await hasImage(engine, image.name)) return image.name;
  throw new MeshproofError('IMAGE_UNAVAILABLE', `the engine has no image ${image.name}`, { hint: 'npx meshproof images build' });
}
