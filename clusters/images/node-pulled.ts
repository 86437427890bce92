import { join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { clusterImages } from './build.ts';
import { artifact, hashOf, type Artifact } from './cache.ts';
import type { Image } from './image.ts';
import { lock } from './lock.ts';
import type { Docker } from './node-image.ts';
import { bakeOnce, hasImage, NODE } from './node-tag.ts';
import { pullImage, type PullOptions } from './pull.ts';
import { unpinned } from './reference.ts';
import { VERSIONS } from './versions.ts';

/** The published node image of kind, which contains Kubernetes' own images. */
export const PUBLISHED_NODE = `docker.io/kindest/node:${VERSIONS.kindestNode}`;

/** The published names of the node image, and of the images that a cluster needs in addition. */
export function publishedImages(mesh: readonly Image[]): [node: string, ...others: string[]] {
  const others = clusterImages(mesh)
    .filter(({ part }) => part !== 'kubernetes')
    .map(({ name, upstream }) => {
      if (upstream !== undefined) return upstream;
      throw new MeshproofError('IMAGE_UNAVAILABLE', `${name} is not published anywhere`, { hint: 'use --images=build' });
    });
  return [PUBLISHED_NODE, ...others];
}

/** Those without a digest in the lock, which are pulled by tag. */
export async function unpinnedImages(mesh: readonly Image[]): Promise<string[]> {
  return await unpinned(publishedImages(mesh));
}

/** The tag of the node image that pulling creates. @param registry see `mirrored` */
export async function pulledNode(mesh: readonly Image[], registry?: string): Promise<string> {
  const pulled = await Promise.all(publishedImages(mesh).map(async (name) => [name, await determinant(name, registry)]));
  return `${NODE}:${VERSIONS.kindestNode}-pulled-${hashOf(pulled)}`;
}

/** What determines the content of an image besides its name: its digest in the lock, or else the registry that gives it. */
const determinant = async (name: string, registry: string | undefined) => (await lock()).images[name] ?? registry;

/**
 * Pulls published images, and bakes them into kind's node image under their published names. On the engine these names belong to its owner,
 * so they are not given to what was pulled, which may be another registry's.
 * @throws MeshproofError `PULL_FAILED`
 */
export async function pullNode(mesh: readonly Image[], source: PullOptions, engine: Docker, task: TaskContext): Promise<string> {
  const tag = await pulledNode(mesh, source.registry);
  if (await hasImage(engine, tag)) return tag;
  const [node, ...others] = publishedImages(mesh);
  const base = await pullImage(engine, node, source, task);
  const archives: string[] = [];
  const renamed = new Map<string, string>();
  for (const name of others) {
    const { saved, ...made } = await pulled(name, source, engine);
    archives.push(join(await artifact(made, task), 'image.tar'));
    renamed.set(saved, name);
  }
  return bakeOnce(engine, async () => base, archives, tag, task, renamed);
}

/** The archive of a pulled image, and the name under which it contains the image. */
async function pulled(name: string, source: PullOptions, engine: Docker): Promise<Artifact & { saved: string }> {
  const hash = hashOf(name, await determinant(name, source.registry), 'under a name of its own');
  const saved = `docker.io/meshproof/pulled:${hash}`;
  return {
    name: `pulled-${name.replace(/^.*\/|:.*$/g, '')}`,
    hash,
    saved,
    make: async (folder, task) => {
      const reference = await pullImage(engine, name, source, task);
      // An archive contains the names that its images have on the engine; an image that was pulled by its digest has none.
      await engine.docker(['tag', reference, saved], task);
      try {
        await engine.docker(['save', '-o', join(folder, 'image.tar'), saved], task);
      } finally {
        await engine.docker(['rmi', '--no-prune', saved]);
      }
    },
  };
}
