import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { requireDownloads } from '../../clusters/images/download.ts';
import { archivesByTag, isFolder } from '../../clusters/images/folder.ts';
import { lock } from '../../clusters/images/lock.ts';
import { requireRegistry, type ImageSource } from '../../clusters/images/registry.ts';
import { MESH_VERSIONS } from '../../clusters/meshes.ts';
import { requireVersion } from '../../clusters/mesh/versions.ts';
import { chooseContext, readKubeconfig } from '../../clusters/kubernetes/kubeconfig.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { DEFAULT_NODES, type ClusterOptions } from '../console/cluster-options.ts';

/**
 * The provider for these options.
 * @throws MeshproofError with exit code 2 if they contradict each other, --registry is invalid for an existing cluster, or the context is unknown
 */
export async function providerOf({
  provider,
  context,
  kubeconfig,
  namespaces,
  revision,
  sampleImage,
  pullSecret,
  registry,
  nodes,
}: Omit<ClusterOptions, 'mesh' | 'meshVersion' | 'images' | 'engine'>): Promise<UpOptions['provider']> {
  if (provider === 'existing') {
    if (nodes !== DEFAULT_NODES)
      throw contradiction('--nodes applies to kind clusters, but --provider=existing uses an existing cluster', 'omit it');
    const wanted = named(context);
    if (registry !== undefined) requireRegistry(registry);
    const { name } = chooseContext(await readKubeconfig(kubeconfig), wanted);
    return { kind: 'existing', context: name, ...omitUndefined({ kubeconfig, namespaces, revision, sampleImage, pullSecret, registry }) };
  }
  const theirs = {
    '--context': context,
    '--kubeconfig': kubeconfig,
    '--namespaces': namespaces,
    '--revision': revision,
    '--sample-image': sampleImage,
    '--pull-secret': pullSecret,
  };
  const [stray] = Object.entries(theirs).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (stray === undefined) return { kind: 'kind', nodes };
  throw contradiction(`${stray} applies to existing clusters, but this would create a kind cluster`, 'add --provider=existing');
}

/**
 * The version of the mesh for a new cluster.
 * @throws MeshproofError `MESH_VERSION_UNKNOWN` or `CONTRADICTION` with exit code 2 if the mesh has no such version, or exists already
 */
export function requireMeshVersion({
  mesh,
  meshVersion,
  provider = 'kind',
}: Pick<ClusterOptions, 'mesh' | 'meshVersion'> & Partial<Pick<ClusterOptions, 'provider'>>): Pick<UpOptions, 'meshVersion'> {
  if (meshVersion === undefined) return {};
  if (provider === 'existing')
    throw contradiction('--mesh-version applies to kind clusters, but --provider=existing uses an existing cluster', 'omit it');
  return { meshVersion: requireVersion<string>(mesh, MESH_VERSIONS[mesh], meshVersion) };
}

/** The error for two options of which one makes the other meaningless; exit code 2. */
export function contradiction(message: string, hint: string): MeshproofError {
  return new MeshproofError('CONTRADICTION', message, { hint, exitCode: EXIT.usage });
}

function named(context: string | undefined): string {
  if (context !== undefined) return context;
  throw new MeshproofError(
    'CONTEXT_NOT_NAMED',
    '--provider=existing needs an explicit --context; the current context is never used implicitly',
    {
      hint: 'name it with --context',
      exitCode: EXIT.usage,
    },
  );
}

/**
 * Like `imageSourceOf`, and reads the archives of a folder. Call it before an engine is started for them.
 * @throws MeshproofError `IMAGES_FOLDER` or the errors of `imageSourceOf`, each with exit code 2
 */
export async function requireImageSource(
  options: Pick<ClusterOptions, 'images' | 'registry'>,
  task: TaskContext = {},
): Promise<ImageSource> {
  const source = await imageSourceOf(options);
  if (isFolder(source.from)) await archivesByTag(source.from, task);
  return source;
}

/** @throws MeshproofError with exit code 2 if --images, --registry or MESHPROOF_DOWNLOADS is invalid, or the lock file is damaged */
export async function imageSourceOf({ images, registry }: Pick<ClusterOptions, 'images' | 'registry'>): Promise<ImageSource> {
  requireDownloads();
  await lock();
  if (registry !== undefined && (images === 'auto' || images === 'pull')) return { from: 'pull', registry: requireRegistry(registry) };
  if (registry !== undefined)
    throw contradiction(`--registry names where to pull images from, but --images=${images} pulls none`, 'omit one of them');
  if (!isFolder(images)) return { from: images };
  const folder = await stat(images).catch(() => undefined);
  // Docker mounts no relative path, and other programs have other working directories.
  if (folder?.isDirectory() === true) return { from: resolve(images) };
  throw new MeshproofError('UNKNOWN_IMAGE_SOURCE', `--images=${images} is neither auto, pull, build nor a folder`, {
    hint: 'a folder must contain image archives written by `docker save`',
    exitCode: EXIT.usage,
  });
}
