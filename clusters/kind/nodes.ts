import { realpath } from 'node:fs/promises';

import { NETWORK } from '../engine/addresses.ts';
import type { Engine } from '../engine/engine.ts';
import { MeshproofError } from '../errors.ts';
import type { ExecOptions } from '../exec.ts';
import { isClusterName } from '../names.ts';
import type { TaskContext } from '../task-context.ts';
import { cniFile } from './config.ts';

/** A node of a kind cluster, which is a container. */
export interface KindNode {
  /** The name of the container and of the Kubernetes node. */
  name: string;
  role: 'control-plane' | 'worker';
  /** Its address on the clusters' network; '' if it is not running. */
  address: string;
}

/** A cluster and the folder of its files. The name alone may be that of another run's cluster. */
export interface ClusterFiles {
  name: string;
  /** Absolute path, as passed to the engine. */
  folder: string;
}

export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
/** Docker Desktop prefixes the path. */
const CNI_FILE = new RegExp(`^(?:/host_mnt)?(/.*)${cniFile('', 0).replace('0', String.raw`\d+`)}$`);
const ROLE_LABEL = 'io.x-k8s.kind.role';

/** The running and stopped clusters on an engine whose names meshproof could have given. */
export async function listClusters(engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const format = `{{.Label "${CLUSTER_LABEL}"}}`;
  const names = await engine.docker(['ps', '--all', '--filter', `label=${CLUSTER_LABEL}`, '--format', format], task);
  return [...new Set(names.split('\n'))].filter(isClusterName).toSorted();
}

/**
 * The folder of each cluster's files, read from the mounts of its nodes, because a run with another state folder keeps them elsewhere. ''
 * for a cluster that meshproof did not configure.
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
 * IDs of a cluster's containers: `ours` mount meshproof's configuration from its folder, `others` do not. All users of an engine share its
 * names, so a run with another state folder may have a cluster of the same name.
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

/** An engine in a virtual machine reports the target of a symbolic link. */
function realFolder(folder: string): Promise<string> {
  return realpath(folder).catch(() => folder);
}

/** `docker ps` shows mounts too, but separates them by commas, which a path may contain. */
async function folderMounted(node: string, engine: Engine, task: TaskContext): Promise<string> {
  // The container may be removed between list and inspection.
  const text = await engine.docker(['inspect', '--format', '{{json .Mounts}}', node], task).catch((error: unknown) => {
    if (error instanceof MeshproofError && error.code === 'COMMAND_FAILED') return '';
    throw error;
  });
  const mounts: readonly { Source?: string }[] = text.startsWith('[') ? JSON.parse(text) : [];
  return mounts.flatMap(({ Source = '' }) => CNI_FILE.exec(Source)?.[1] ?? [])[0] ?? '';
}

/** The nodes of a cluster in order: control plane, worker, worker2, … */
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

/** The index of a node in its cluster's configuration, derived from the name that kind gave it. */
export function nodeNumber(cluster: string, node: string): number {
  const [, role, count] = /^(control-plane|worker)(\d*)$/.exec(node.slice(cluster.length + 1)) ?? [];
  return role === 'worker' ? Number(count || 1) : 0;
}

/** IDs of the containers that make up a cluster. */
export async function containersOf(cluster: string, engine: Engine, task: TaskContext = {}): Promise<string[]> {
  const ids = await engine.docker(['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${cluster}`], task);
  return ids.split('\n').filter(Boolean);
}

/**
 * Runs a program on a node and returns its output.
 * @throws MeshproofError `COMMAND_FAILED` with the error output.
 */
export function nodeExec(node: string, argv: readonly string[], engine: Engine, options: ExecOptions = {}): Promise<string> {
  return engine.docker(['exec', ...(options.input === undefined ? [] : ['-i']), node, ...argv], options);
}

/** Runs kubectl as cluster administrator on the control plane, for steps that come before anything else can reach the API server. */
export function kubectlOnNode(cluster: string, args: readonly string[], engine: Engine, options: ExecOptions = {}): Promise<string> {
  return nodeExec(`${cluster}-control-plane`, ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args], engine, options);
}
