import { stat } from 'node:fs/promises';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { requireRegistry, type ImageSource } from '../../clusters/images/registry.ts';
import { chooseContext, readKubeconfig } from '../../clusters/kubernetes/kubeconfig.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { DEFAULT_NODES, type ClusterOptions } from '../console/cluster-options.ts';

/** Turns the options into what `up` takes. @throws MeshproofError with exit code 2 for options that contradict each other or name what does not exist. */
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
}: Omit<ClusterOptions, 'mesh' | 'images' | 'engine'>): Promise<UpOptions['provider']> {
  if (provider === 'existing') {
    if (nodes !== DEFAULT_NODES)
      throw contradiction('--nodes applies to kind clusters, but --provider=existing uses an existing cluster', 'omit it');
    const wanted = named(context);
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

/** Two options of which one makes the other meaningless; exit code 2. */
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

/** @throws MeshproofError with exit code 2 when --images names neither a way nor a folder, or --registry does not fit it. */
export async function requireImageSource({ images, registry }: Pick<ClusterOptions, 'images' | 'registry'>): Promise<ImageSource> {
  if (registry !== undefined && (images === 'auto' || images === 'pull')) return { from: 'pull', registry: requireRegistry(registry) };
  if (registry !== undefined)
    throw contradiction('--registry says from where to pull images, and --images that none are pulled', 'omit one of them');
  if (['auto', 'pull', 'build'].includes(images)) return { from: images };
  const folder = await stat(images).catch(() => undefined);
  if (folder?.isDirectory() === true) return { from: images };
  throw new MeshproofError('UNKNOWN_IMAGE_SOURCE', `--images=${images} is neither auto, pull, build nor a folder`, {
    hint: 'a folder must contain image archives written by `docker save`',
    exitCode: EXIT.usage,
  });
}
