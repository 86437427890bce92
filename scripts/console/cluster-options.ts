import { type Command, InvalidArgumentError, Option } from 'commander';

import { DEFAULT_MESH, MESHES, type Mesh } from '../../clusters/meshes.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { given } from '../../clusters/kubernetes/given.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { CLUSTER_NAME, isClusterName } from '../../clusters/names.ts';
import { dnsLabel, LONGEST_PREFIX, positiveInteger } from './command.ts';

/** What `test` and `up` both ask about the cluster. */
export interface ClusterOptions {
  mesh: Mesh;
  provider: 'kind' | 'existing';
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  images: string;
  engine: boolean;
  nodes: number;
}

const DEFAULT_NODES = 1;

export function addClusterOptions(command: Command): Command {
  return command
    .optionsGroup('Options of the cluster:')
    .addOption(new Option('--mesh <mesh>', 'which mesh').choices(MESHES).default(DEFAULT_MESH))
    .addOption(
      new Option('--provider <provider>', 'make a kind cluster, or use one that exists').choices(['kind', 'existing']).default('kind'),
    )
    .option('--context <name>', 'kubeconfig context of the existing cluster')
    .option('--kubeconfig <file>', 'kubeconfig of the existing cluster; default KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <prefix>', 'of namespaces that the owner of the existing cluster made for this', dnsLabel(LONGEST_PREFIX))
    .option('--images <source>', 'auto, pull, build, or a folder of archives', 'auto')
    .option('--no-engine', 'never start a private Docker engine')
    .option('--nodes <n>', 'nodes of the kind cluster', positiveInteger, DEFAULT_NODES);
}

/** Reads an option's value as the name of a cluster, before it becomes part of a path. */
export function clusterName(value: string): string {
  // An empty value has words of its own, see `EMPTY_VALUE`.
  if (value !== '' && !isClusterName(value)) throw new InvalidArgumentError(`${CLUSTER_NAME}.`);
  return value;
}

/** Turns the options into what `up` takes. @throws MeshproofError with exit code 2 for options that contradict each other or name what does not exist. */
export async function providerOf({ provider, context, kubeconfig, namespaces, nodes }: ClusterOptions): Promise<UpOptions['provider']> {
  if (provider === 'existing') {
    if (nodes !== DEFAULT_NODES)
      throw contradiction('--nodes is of a kind cluster that would be made, but one that exists is used', 'leave it out');
    const wanted = named(context);
    const { chooseContext, readKubeconfig } = await import('../../clusters/kubernetes/kubeconfig.ts');
    const { name } = chooseContext(await readKubeconfig(kubeconfig), wanted);
    return { kind: 'existing', context: name, ...given({ kubeconfig, namespaces }) };
  }
  const [stray] = Object.entries({ '--context': context, '--kubeconfig': kubeconfig, '--namespaces': namespaces }).flatMap(
    ([option, value]) => (value === undefined ? [] : [option]),
  );
  if (stray === undefined) return { kind: 'kind', nodes };
  throw contradiction(`${stray} names a cluster that exists, but a kind cluster would be made`, 'add --provider=existing');
}

/** Two options of which one makes the other meaningless; exit code 2. */
export function contradiction(message: string, hint: string): MeshproofError {
  return new MeshproofError('CONTRADICTION', message, { hint, exitCode: EXIT.usage });
}

/** What was typed of the options that only a cluster to be made has, e.g. `--nodes=3`: where one is there already they do nothing. */
export function typedForNew(command: Command): string[] {
  const typed = (name: string) => command.getOptionValueSource(name) === 'cli';
  const { nodes, images } = command.opts<ClusterOptions>();
  return [
    ...(typed('nodes') ? [`--nodes=${nodes}`] : []),
    ...(typed('images') ? [`--images=${images}`] : []),
    ...(typed('engine') ? ['--no-engine'] : []),
  ];
}

function named(context: string | undefined): string {
  if (context !== undefined) return context;
  throw new MeshproofError('CONTEXT_NOT_NAMED', 'a cluster that somebody else owns is never taken by its being the current one', {
    hint: 'name it with --context',
    exitCode: EXIT.usage,
  });
}

/** @throws MeshproofError with exit code 2 when --images names neither a way nor a folder. */
export async function requireImageSource(source: string): Promise<string> {
  if (['auto', 'pull', 'build'].includes(source)) return source;
  const { stat } = await import('node:fs/promises');
  const folder = await stat(source).catch(() => undefined);
  if (folder?.isDirectory() === true) return source;
  throw new MeshproofError('UNKNOWN_IMAGE_SOURCE', `--images=${source} is neither auto, pull, build nor a folder`, {
    hint: 'a folder holds archives as `docker save` writes them',
    exitCode: EXIT.usage,
  });
}
