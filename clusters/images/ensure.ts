import { join } from 'node:path';

import { causeOf, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { clusterImages, imageArtifact } from './build.ts';
import { artifact, digestOf, hashOf } from './cache.ts';
import { archivesByTag } from './folder.ts';
import type { Image } from './image.ts';
import { buildNode, builtNode, isBuildable, obstacleToBuilding, requireBuildable } from './node-built.ts';
import { loadNodeBase, type Docker } from './node-image.ts';
import { pulledNode, pullNode } from './node-pulled.ts';
import { bakeOnce, hasImage, NODE } from './node-tag.ts';
import { EXTERNAL_IMAGE_NAMES } from './recipes/external.ts';
import { shortName, type ImageSource } from './registry.ts';

/** A node image on the engine that contains everything a cluster needs. */
export interface NodeImage {
  tag: string;
  /** Whether it was pulled: then the corresponding programs are published too, and nothing needs to be compiled. */
  pulled: boolean;
}

/** Bakes the archives of a folder into its node image, or else into the one that is built. What the folder lacks is built if possible. */
async function fromFolder(mesh: readonly Image[], engine: Docker, folder: string, task: TaskContext): Promise<string> {
  const found = await archivesByTag(folder, task);
  const node = [...found.keys()].find((tag) => /(kindest|meshproof)\/node(-base)?:/.test(tag));
  const ready = node?.includes('meshproof/node:') === true;
  if (node !== undefined) {
    task.progress?.(`loading ${node}`);
    await engine.docker(['load', '-i', found.get(node) ?? ''], task);
    if (ready) return node;
  }
  const isExternal = (tag: string): boolean => EXTERNAL_IMAGE_NAMES.some((name) => tag.includes(`meshproof/${name}:`));
  const held = [...new Set([...found].filter(([tag]) => tag !== node && !isExternal(tag)).map(([, file]) => file))];
  const wanted = clusterImages(mesh).filter(({ part }) => node === undefined || part !== 'kubernetes');
  const files = [...held, ...(await builtBeside(wanted, new Set([...found.keys()].map(shortName)), task))];
  const digests = await Promise.all(files.map((file) => digestOf(file)));
  const base = node ?? (await loadNodeBase(engine, task));
  const tag = `${NODE}:folder-${hashOf(base, digests)}`;
  return bakeOnce(engine, async () => base, files, tag, task);
}

/** Archives of the images that exist under neither their built nor their published name, each built or taken from the cache. */
async function builtBeside(wanted: readonly Image[], there: ReadonlySet<string>, task: TaskContext): Promise<string[]> {
  const lacking = wanted.filter(({ name, upstream = name }) => !there.has(shortName(name)) && !there.has(shortName(upstream)));
  const archives: string[] = [];
  for (const image of requireBuildable(lacking)) archives.push(join(await artifact(await imageArtifact(image), task), 'image.tar'));
  return archives;
}

/**
 * A node image on the engine that contains everything a cluster with the mesh needs.
 * @param mesh the images of the mesh
 * @throws MeshproofError `PULL_FAILED`, `IMAGES_UNAVAILABLE` if they cannot be obtained in any way, or the errors of building
 */
export async function ensureImages(source: ImageSource, mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<NodeImage> {
  const { from } = source;
  if (from === 'build') return { tag: await buildNode(mesh, engine, task), pulled: false };
  if (from === 'pull') return { tag: await pullNode(mesh, source, engine, task), pulled: true };
  if (from !== 'auto') return { tag: await fromFolder(mesh, engine, from, task), pulled: false };
  const ready = await readyNode(mesh, engine);
  if (ready !== undefined) return ready;
  return await pulledOrBuilt<NodeImage>(
    async () => ({ tag: await pullNode(mesh, { hurried: true }, engine, task), pulled: true }),
    async () => ({ tag: await buildNode(mesh, engine, task), pulled: false }),
    task,
  );
}

/** A matching node image that the engine has already, from any source. */
async function readyNode(mesh: readonly Image[], engine: Docker): Promise<NodeImage | undefined> {
  for (const node of await possibleNodes(mesh)) if (await hasImage(engine, node.tag)) return node;
  return undefined;
}

/** The node images that building and pulling would create. */
export async function possibleNodes(mesh: readonly Image[]): Promise<NodeImage[]> {
  const built = mesh.every((image) => isBuildable(image)) ? [{ tag: (await builtNode(mesh)).tag, pulled: false }] : [];
  return [...built, { tag: await pulledNode(mesh), pulled: true }];
}

/**
 * Pulls if possible, and otherwise builds if possible.
 * @throws MeshproofError `IMAGES_UNAVAILABLE`
 */
export async function pulledOrBuilt<T>(pull: () => Promise<T>, build: () => Promise<T>, task: TaskContext): Promise<T> {
  try {
    return await pull();
  } catch (error) {
    if (!(error instanceof MeshproofError && error.code === 'PULL_FAILED')) throw error;
    const obstacle = await obstacleToBuilding();
    if (obstacle !== undefined) {
      throw new MeshproofError('IMAGES_UNAVAILABLE', `${causeOf(error)}; and ${obstacle}`, {
        hint: `${error.hint ?? ''}; or --images=FOLDER takes archives that npx meshproof images save wrote elsewhere`.replace(/^; or /, ''),
        cause: error,
      });
    }
    task.progress?.(`building images from packages, because ${causeOf(error)}`);
    return await build();
  }
}
