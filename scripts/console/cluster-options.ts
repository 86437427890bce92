import { type Command, InvalidArgumentError, Option } from 'commander';

import type { Mesh } from '../../clusters/meshes.ts';
import { isImageName } from '../../clusters/images/registry.ts';
import { CLUSTER_NAME, isClusterName } from '../../clusters/names.ts';
import { dnsLabel, LONGEST_PREFIX, positiveInteger } from './command.ts';
import { meshOption, meshVersionOption } from './mesh-option.ts';

/** The options of the cluster that `test` and `up` share. */
export interface ClusterOptions {
  mesh: Mesh;
  meshVersion?: string;
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

/** Description of `--registry`. */
export const REGISTRY =
  'mirror to pull every image from, e.g. registry.example.com/mirror; it replaces docker.io and the like in their names';

/** Default of `--nodes`. */
export const DEFAULT_NODES = 1;

/** The options of the cluster that `watch` has too. */
export type PlaceOptions = Omit<ClusterOptions, 'meshVersion' | 'images' | 'engine' | 'nodes'>;

export function addClusterOptions(command: Command): Command {
  return addPlaceOptions(command, 'create a kind cluster, or use an existing cluster')
    .addOption(meshVersionOption('--mesh-version <version>', 'version of the mesh of the kind cluster; default the newest of that mesh'))
    .option('--images <source>', 'auto, pull, build, or a folder of image archives', 'auto')
    .option('--registry <prefix>', REGISTRY)
    .option('--no-engine', 'never start a private Docker engine')
    .option('--nodes <n>', 'number of nodes of the kind cluster', positiveInteger, DEFAULT_NODES);
}

/** @param about what the choice of a provider decides */
export function addPlaceOptions(command: Command, about: string): Command {
  return command
    .optionsGroup('Options of the cluster:')
    .addOption(meshOption('mesh to use'))
    .addOption(new Option('--provider <provider>', about).choices(['kind', 'existing']).default('kind'))
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
    .option('--sample-image <image>', 'image of Node.js 24 for the sample pods of the existing cluster', imageName)
    .option(
      '--pull-secret <namespace/name>',
      'Secret with which the nodes of the existing cluster pull images; copied to the rigs',
      secretPath,
    );
}

const LABEL = /[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?/.source;
const SECRET = new RegExp(`^${LABEL}/${LABEL}(?:\\.${LABEL})*$`);

/** Parses the namespace and name of a Secret. */
export function secretPath(value: string): string {
  if (value !== '' && !SECRET.test(value)) throw new InvalidArgumentError('It must be namespace/name.');
  return value;
}

/** Parses the name of an image; otherwise only the nodes would reject a malformed one. */
export function imageName(value: string): string {
  if (value === '' || isImageName(value)) return value;
  throw new InvalidArgumentError('It must be the name of an image in lower case, without https://, e.g. registry.example.com/node:24.');
}

/** Parses the name of a cluster, before it becomes part of a path. */
export function clusterName(value: string): string {
  // An empty value has an error of its own, `EMPTY_VALUE`.
  if (value !== '' && !isClusterName(value)) throw new InvalidArgumentError(`${CLUSTER_NAME}.`);
  return value;
}

/** Options on the command line that only affect a new cluster, e.g. `--nodes=3`, and have no effect on an existing one. */
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
