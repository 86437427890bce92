import { stat } from 'node:fs/promises';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
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
  nodes,
}: ClusterOptions): Promise<UpOptions['provider']> {
  if (provider === 'existing') {
    if (nodes !== DEFAULT_NODES)
      throw contradiction('--nodes applies to kind clusters, but --provider=existing uses an existing cluster', 'omit it');
    const wanted = named(context);
    const { name } = chooseContext(await readKubeconfig(kubeconfig), wanted);
    return { kind: 'existing', context: name, ...omitUndefined({ kubeconfig, namespaces, revision }) };
  }
  const [stray] = Object.entries({
    '--context': context,
    '--kubeconfig': kubeconfig,
    '--namespaces': namespaces,
    '--revision': revision,
  }).flatMap(([option, value]) => (value === undefined ? [] : [option]));
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

/** @throws MeshproofError with exit code 2 when --images names neither a way nor a folder. */
export async function requireImageSource(source: string): Promise<string> {
  if (['auto', 'pull', 'build'].includes(source)) return source;
  const folder = await stat(source).catch(() => undefined);
  if (folder?.isDirectory() === true) return source;
  throw new MeshproofError('UNKNOWN_IMAGE_SOURCE', `--images=${source} is neither auto, pull, build nor a folder`, {
    hint: 'a folder must contain image archives written by `docker save`',
    exitCode: EXIT.usage,
  });
}
