import { NETWORK } from '../engine/addresses.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecOptions } from '../exec.ts';
import type { Work } from '../work.ts';
import { cniFile } from './config.ts';

/** A node of a kind cluster: a container. */
export interface KindNode {
  /** Of the container, and of the Kubernetes node. */
  name: string;
  role: 'control-plane' | 'worker';
  /** On the clusters' network; '' while it does not run. */
  address: string;
}

export const CLUSTER_LABEL = 'io.x-k8s.kind.cluster';
const CNI_FILE = cniFile('', 0);
const ROLE_LABEL = 'io.x-k8s.kind.role';

/** The first part of the names of all that meshproof makes. */
export const PREFIX = 'meshproof-';

/** The clusters of meshproof on an engine, running or not. */
export async function listClusters(engine: Engine, work: Work = {}): Promise<string[]> {
  const format = `{{.Label "${CLUSTER_LABEL}"}}`;
  const names = await engine.docker(['ps', '--all', '--filter', `label=${CLUSTER_LABEL}`, '--format', format], work);
  return [...new Set(names.split('\n'))].filter((name) => name.startsWith(PREFIX)).toSorted();
}

/**
 * The folder of each cluster's files, as its first node's mounts tell: a run with another cache folder has its clusters elsewhere.
 * '' for a cluster that meshproof did not configure.
 */
export async function clusterFolders(engine: Engine, work: Work = {}): Promise<Map<string, string>> {
  const filters = ['--filter', `label=${CLUSTER_LABEL}`, '--filter', `label=${ROLE_LABEL}=control-plane`];
  // One call, because between a list and a look at its members one may go.
  const format = `{{.Label "${CLUSTER_LABEL}"}}\t{{.Mounts}}`;
  const lines = await engine.docker(['ps', '--all', '--no-trunc', ...filters, '--format', format], work);
  const pairs = lines.split('\n').map((line): [string, string] => {
    const [name = '', mounts = ''] = line.split('\t');
    const cni = mounts.split(',').find((mount) => mount.endsWith(CNI_FILE));
    return [name, cni === undefined ? '' : cni.slice(0, -CNI_FILE.length)];
  });
  return new Map(pairs.filter(([name]) => name.startsWith(PREFIX)));
}

/** The nodes of a cluster in the order of their numbers: control plane, worker, worker2, … */
export async function listNodes(cluster: string, engine: Engine, work: Work = {}): Promise<KindNode[]> {
  const ids = await containersOf(cluster, engine, work);
  if (ids.length === 0) return [];
  const address = `{{with index .NetworkSettings.Networks "${NETWORK}"}}{{.IPAddress}}{{end}}`;
  const format = `{{.Name}} {{index .Config.Labels "${ROLE_LABEL}"}} ${address}`;
  const lines = (await engine.docker(['inspect', '--format', format, ...ids], work)).split('\n');
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
export async function containersOf(cluster: string, engine: Engine, work: Work = {}): Promise<string[]> {
  const ids = await engine.docker(['ps', '--all', '--quiet', '--filter', `label=${CLUSTER_LABEL}=${cluster}`], work);
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
