import { realpath } from 'node:fs/promises';

import { NETWORK } from '../engine/addresses.ts';
import type { Engine } from '../engine/engine.ts';
import { MeshproofError } from '../errors.ts';
import type { ExecOptions } from '../exec.ts';
import { isClusterName } from '../names.ts';
import type { TaskContext } from '../task-context.ts';
import { cniFile } from './config.ts';

/** A node of a kind cluster: a container. */
export interface KindNode {
  /** Of the container, and of the Kubernetes node. */
  name: string;
  role: 'control-plane' | 'worker';
  /** On the clusters' network; '' while it does not run. */
  address: string;
}

/** A cluster, and where its files are: by the name alone it might be another run's. */
export interface ClusterFiles {
  name: string;
  /** Absolute, as the engine was told it. */
  folder: string;
}

export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
/** Docker Desktop puts a folder of its own before the path. */
const CNI_FILE = new RegExp(`^(?:/host_mnt)?(/.*)${cniFile('', 0).replace('0', String.raw`\d+`)}$`);
const ROLE_LABEL = 'io.x-k8s.kind.role';

/** The clusters on an engine whose names could be ours, running or not. */
export async function listClusters(engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const format = `{{.Label "${CLUSTER_LABEL}"}}`;
  const names = await engine.docker(['ps', '--all', '--filter', `label=${CLUSTER_LABEL}`, '--format', format], task);
  return [...new Set(names.split('\n'))].filter(isClusterName).toSorted();
}

/**
 * The folder of each cluster's files, as the mounts of its nodes tell: a run with another state folder has its clusters elsewhere.
 * '' for a cluster that meshproof did not configure.
 */
export async function clusterFolders(engine: Engine, task: TaskContext = {}): Promise<Map<string, string>> {
  const format = `{{.ID}}\t{{.Label "${CLUSTER_LABEL}"}}`;
  const lines = await engine.docker(['ps', '--all', '--no-trunc', '--filter', `label=${CLUSTER_LABEL}`, '--format', format], task);
  const nodes = lines.split('\n').map((line) => line.split('\t'));
  const folders = new Map<string, string>();
  for (const [id = '', cluster = ''] of nodes) {
    if (isClusterName(cluster) && !folders.get(cluster)) folders.set(cluster, await folderMounted(id, engine, task));
  }
  return folders;
}

/**
 * Identities of the containers of a cluster: those that mount our configuration from its folder, and those that do not. Names are one for all
 * that use an engine, so another run, with another state folder, may have a cluster of the same name there.
 */
export async function nodesByFolder(
  { name, folder }: ClusterFiles,
  engine: Engine,
  task: TaskContext = {},
): Promise<{ ours: string[]; others: string[] }> {
  const ids = await containersOf(name, engine, task);
  const folders = await Promise.all(ids.map(async (id) => realFolder(await folderMounted(id, engine, task))));
  const own = await realFolder(folder);
  const isOurs = (_: string, at: number): boolean => folders[at] === own;
  return { ours: ids.filter(isOurs), others: ids.filter((id, at) => !isOurs(id, at)) };
}

/** An engine in a virtual machine tells where a link leads. */
function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/** The list of containers would do, but it puts commas between paths that may hold some. */
async function folderMounted(node: string, engine: Engine, task: TaskContext): Promise<string> {
  // It may go between the list and the look.
  const text = await engine.docker(['inspect', '--format', '{{json .Mounts}}', node], task).catch((error: unknown) => {
    if (error instanceof MeshproofError && error.code === 'COMMAND_FAILED') return '';
    throw error;
  });
  const mounts: readonly { Source?: string }[] = text.startsWith('[') ? JSON.parse(text) : [];
  return mounts.flatMap(({ Source = '' }) => CNI_FILE.exec(Source)?.[1] ?? [])[0] ?? '';
}

/** The nodes of a cluster in the order of their numbers: control plane, worker, worker2, … */
export async function listNodes(cluster: string, engine: Engine, task: TaskContext = {}): Promise<KindNode[]> {
  const ids = await containersOf(cluster, engine, task);
  if (ids.length === 0) return [];
  const address = `{{with index .NetworkSettings.Networks "${NETWORK}"}}{{.IPAddress}}{{end}}`;
  const format = `{{.Name}} {{index .Config.Labels "${ROLE_LABEL}"}} ${address}`;
  const lines = (await engine.docker(['inspect', '--format', format, ...ids], task)).split('\n');
  const nodes = lines.map((line): KindNode => {
    const [name = '', role, at = ''] = line.split(' ');
    return { name: name.replace(/^\//, ''), role: role === 'control-plane' ? role : 'worker', address: at };
  });
  return nodes.toSorted((a, b) => nodeNumber(cluster, a.name) - nodeNumber(cluster, b.name));
}

/** The number of a node in its cluster's configuration, by the names that kind gives. */
export function nodeNumber(cluster: string, node: string): number {
  const [, role, count] = /^(control-plane|worker)(\d*)$/.exec(node.slice(cluster.length + 1)) ?? [];
  return role === 'worker' ? Number(count || 1) : 0;
}

/** Identities of the containers that a cluster consists of. */
export async function containersOf(cluster: string, engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const ids = await engine.docker(['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${cluster}`], task);
  return ids.split('\n').filter(Boolean);
}

/**
 * Runs a program on a node and returns what it printed.
 * @throws MeshproofError `COMMAND_FAILED` with what it said.
 */
export function nodeExec(node: string, argv: readonly string[], engine: Engine, options: ExecOptions = {}): Promise<string> {
  return engine.docker(['exec', ...(options.input === undefined ? [] : ['-i']), node, ...argv], options);
}

/** Runs kubectl as the cluster's administrator on its control plane, for what is done before anything else can speak to the cluster. */
export function kubectlOnNode(cluster: string, args: readonly string[], engine: Engine, options: ExecOptions = {}): Promise<string> {
  return nodeExec(`${cluster}-control-plane`, ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args], engine, options);
}
