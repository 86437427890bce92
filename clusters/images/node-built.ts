import { join } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { clusterImages, imageArtifact } from './build.ts';
import { artifact, hashOf } from './cache.ts';
import type { Image, Recipe } from './image.ts';
import { loadNodeBase, nodeBase, type Docker } from './node-image.ts';
import { bakeOnce, hasImage, NODE } from './node-tag.ts';
import { onPath } from './packages.ts';
import { VERSIONS } from './versions.ts';

export const isBuildable = (image: Image): image is Image & { recipe: Recipe } => image.recipe !== undefined;

/**
 * Rejects images that can only be pulled, if no registry is used.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` with exit code 2
 */
export function requireBuildable(images: readonly Image[]): (Image & { recipe: Recipe })[] {
  const lacking = images.filter((image) => !isBuildable(image)).map(({ name }) => name);
  if (lacking.length === 0) return images.filter((image) => isBuildable(image));
  throw new MeshproofError('IMAGE_UNAVAILABLE', `${lacking.join(', ')} cannot be built from package registries`, {
    hint: 'use --images=pull if their registry can be reached, or --images=FOLDER with archives written by `docker save`',
    exitCode: EXIT.usage,
  });
}

/** What a build would create, and the node image's tag, which is a hash of all of it. */
export async function builtNode(mesh: readonly Image[]) {
  const images = clusterImages(mesh).filter((image) => isBuildable(image));
  const parts = await Promise.all(images.map((image) => imageArtifact(image)));
  const hash = hashOf(
    (await nodeBase()).hash,
    parts.map((part) => part.hash),
  );
  return { parts, tag: `${NODE}:${VERSIONS.kubernetes}-${hash}` };
}

/** Builds the images from package registries, and bakes them into the node image, which is built too. */
export async function buildNode(mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<string> {
  requireBuildable(mesh);
  const { parts, tag } = await builtNode(mesh);
  if (await hasImage(engine, tag)) return tag;
  const archives: string[] = [];
  for (const [index, part] of parts.entries()) {
    const progress = (description: string) => task.progress?.(`${description} (image ${index + 1} of ${parts.length})`);
    archives.push(join(await artifact(part, { ...task, progress }), 'image.tar'));
  }
  const base = async (): Promise<string> => {
    task.progress?.('loading the node base');
    return loadNodeBase(engine, task);
  };
  return bakeOnce(engine, base, archives, tag, task);
}

/** Why images cannot be built on this machine; undefined if they can. */
export async function obstacleToBuilding(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `they can be built on Linux only, not on ${process.platform}`;
  if (process.getuid?.() !== 0) return 'only root can build them';
  const lacks = (await onPath('debootstrap')) === undefined && (await onPath('apt-get')) === undefined;
  return lacks ? 'building them needs debootstrap, and there is no apt-get to install it' : undefined;
}
