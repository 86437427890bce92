import { type Command, InvalidArgumentError, Option } from 'commander';

import type { Mesh } from '../../clusters/meshes.ts';
import { CLUSTER_NAME, isClusterName } from '../../clusters/names.ts';
import { dnsLabel, LONGEST_PREFIX, positiveInteger } from './command.ts';
import { meshOption } from './mesh-option.ts';

/** What `test` and `up` both ask about the cluster. */
export interface ClusterOptions {
  mesh: Mesh;
  provider: 'kind' | 'existing';
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  revision?: string;
  sampleImage?: string;
  pullSecret?: string;
  images: string;
  registry?: string;
  engine: boolean;
  nodes: number;
}

/** What `--registry` is for. */
export const REGISTRY =
  'mirror to pull every image from, e.g. registry.example.com/mirror; it replaces docker.io and the like in their names';

/** What `--nodes` is unless it is typed. */
export const DEFAULT_NODES = 1;

export function addClusterOptions(command: Command): Command {
  return command
    .optionsGroup('Options of the cluster:')
    .addOption(meshOption('mesh to use'))
    .addOption(
      new Option('--provider <provider>', 'create a kind cluster, or use an existing cluster')
        .choices(['kind', 'existing'])
        .default('kind'),
    )
    .option('--context <name>', 'kubeconfig context of the existing cluster')
    .option('--kubeconfig <file>', 'kubeconfig of the existing cluster; default KUBECONFIG, then ~/.kube/config')
    .option(
      '--namespaces <prefix>',
      'prefix of the namespaces that the owner of the existing cluster created for meshproof',
      dnsLabel(LONGEST_PREFIX),
    )
    .option(
      '--revision <name>',
      'revision or tag of the control plane to use in the existing cluster; default the one that injects by default',
    )
    .option('--sample-image <image>', 'image of Node.js 24 for the sample pods of the existing cluster')
    .option(
      '--pull-secret <namespace/name>',
      'Secret with which the nodes of the existing cluster pull images; copied to the rigs',
      secretPath,
    )
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .option('--nodes <n>', 'number of nodes of the kind cluster', positiveInteger, DEFAULT_NODES);
}

/** Reads an option's value as the place of a Secret. */
export function secretPath(value: string): string {
  if (value !== '' && !/^[a-z0-9-]+\/[a-z0-9.-]+$/.test(value)) throw new InvalidArgumentError('It must be namespace/name.');
  return value;
}

/** Reads an option's value as the name of a cluster, before it becomes part of a path. */
export function clusterName(value: string): string {
  // An empty value has words of its own, see `EMPTY_VALUE`.
  if (value !== '' && !isClusterName(value)) throw new InvalidArgumentError(`${CLUSTER_NAME}.`);
  return value;
}

/** What was typed of the options that only a cluster to be made has, e.g. `--nodes=3`: where one is there already they do nothing. */
export function typedForNew(command: Command): string[] {
  const typed = (name: string) => command.getOptionValueSource(name) === 'cli';
  const { nodes, images, registry, sampleImage, pullSecret } = command.opts<ClusterOptions>();
  return [
    ...(typed('nodes') ? [`--nodes=${nodes}`] : []),
    ...(typed('images') ? [`--images=${images}`] : []),
    ...(typed('registry') ? [`--registry=${registry}`] : []),
    ...(typed('sampleImage') ? [`--sample-image=${sampleImage}`] : []),
    ...(typed('pullSecret') ? [`--pull-secret=${pullSecret}`] : []),
    ...(typed('engine') ? ['--no-engine'] : []),
  ];
}
