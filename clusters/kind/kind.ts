import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { NETWORK } from '../engine/addresses.ts';
import { removeExternalContainers } from '../external/containers.ts';
import { recordOf, type Engine } from '../engine/engine.ts';
import { ensureHermeticNetwork, removeUnusedNetwork } from '../engine/hermetic.ts';
import { holdNetwork } from '../engine/network.ts';
import { causeOf, leftBehind, MeshproofError } from '../errors.ts';
import { exec, type ExecOptions } from '../exec.ts';
import { cacheFolder } from '../paths.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';
import { cniConfig, cniFile, kindConfig } from './config.ts';
import { containersOf, kubectlOnNode, nodesByFolder, type ClusterFiles } from './nodes.ts';
import { untilDockerClientsEnd } from './cluster-processes.ts';
import { closeClusterDns } from './cluster-dns.ts';
import { claimCluster, folderOf, removeFiles } from '../registry/owner.ts';
import { connectNodes } from './pod-network.ts';
import { MOST_NODES } from './ranges.ts';
import { releaseRanges } from './reservations.ts';

/** kubeadm's own timeouts are shorter; anything that takes longer than this hangs. */
const BOOT_MS = 900_000;

export interface CreateClusterOptions {
  /** Starts with `meshproof-`. */
  name: string;
  /** 1 to 8. */
  nodes: number;
  /** Reference of the node image. */
  image: string;
  /** Path of the kind program. */
  kind: string;
  /** Path of the kubeconfig to write; its folder belongs to the cluster. */
  kubeconfig: string;
  /** From `reserveRanges`. */
  podSubnet: string;
  serviceSubnet: string;
}

/**
 * Creates a cluster on a network that is isolated before the first node boots, and returns its kubeconfig context once every node is ready.
 * Until `keepCluster` the cluster belongs to this process. On failure everything is removed except the nodes' logs, whose folder the error
 * names.
 * @throws MeshproofError `CLUSTER_EXISTS`, `CLUSTER_FAILED`, or what `ensureHermeticNetwork` throws.
 */
export async function createCluster(options: CreateClusterOptions, engine: Engine, task: TaskContext = {}): Promise<string> {
  const { name, nodes, image, kubeconfig } = options;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES)
    throw new RangeError(`a cluster has 1 to ${MOST_NODES} nodes, not ${nodes}`);
  const folder = dirname(kubeconfig);
  await claimCluster(name, folder, recordOf(engine));
  try {
    await bootNodes(options, engine, task);
    await Promise.all([connectNodes(name, options.podSubnet, engine, task), closeClusterDns(name, engine, task)]);
    // If another process had removed the network in between, kind would have created one that is not isolated.
    await ensureHermeticNetwork(engine, { image }, task);
    await waitForNodes(name, engine, task);
    return `kind-${name}`;
  } catch (error) {
    const logs = task.signal?.aborted ? undefined : await exportLogs(options, engine);
    await rollBack({ name, folder }, engine, error);
    task.signal?.throwIfAborted();
    if (error instanceof MeshproofError && error.code === 'CLUSTER_EXISTS') throw error;
    throw failure(name, error, logs, engine);
  }
}

/**
 * Boots the nodes. The lock on the network ensures that no process removes it after it was isolated and before the first node is attached,
 * and that only one of several processes gets a cluster name on an engine.
 */
async function bootNodes(options: CreateClusterOptions, engine: Engine, task: TaskContext): Promise<void> {
  const { name, nodes, image, kind, kubeconfig } = options;
  const boot = async (): Promise<{ booted: Promise<string> }> => {
    if ((await containersOf(name, engine, task)).length > 0) {
      throw new MeshproofError('CLUSTER_EXISTS', `a cluster named ${name} already exists on this Docker`, {
        hint: `run npx meshproof down ${name} with the state folder that it was created in, or choose another --name`,
      });
    }
    await ensureHermeticNetwork(engine, { image }, task);
    const config = await writeConfig(options, engine);
    task.progress?.(`booting ${nodes === 1 ? 'the node' : `${nodes} nodes`} of cluster ${name}`);
    const create = ['create', 'cluster', '--config', config, '--image', image, '--kubeconfig', kubeconfig, '--retain'];
    const booted = runKind(kind, create, engine, { ...task, timeoutMs: BOOT_MS });
    const looking = new AbortController();
    const signal = AbortSignal.any([looking.signal, ...(task.signal ? [task.signal] : [])]);
    const there = async () => (await containersOf(name, engine, { signal })).length > 0;
    const seen = until(there, { what: `the first node of ${name}`, timeoutMs: BOOT_MS, signal });
    // The caller awaits `booted` and handles its outcome.
    await Promise.race([booted, seen]).catch(() => undefined);
    looking.abort();
    await seen.catch(() => undefined);
    return { booted };
  };
  const { booted } = await holdNetwork(engine, boot, task);
  await booted;
}

/**
 * Removes a cluster whose creation failed.
 * @param because the failure
 * @throws MeshproofError `LEFT_BEHIND` if it cannot be removed; the cluster's files are kept then
 */
export async function rollBack(cluster: ClusterFiles, engine: Engine, because: unknown): Promise<void> {
  await deleteCluster(cluster, engine).catch((cause: unknown) => {
    throw leftBehind(cluster.name, because, cause);
  });
}

/**
 * Removes a cluster's containers with their volumes, its address ranges and its folder. If it was the last cluster on an engine that
 * meshproof did not start, also removes the clusters' network and its firewall rules. Does nothing if the cluster is already gone. Keeps
 * another run's cluster of the same name.
 */
export async function deleteCluster(cluster: ClusterFiles, engine: Engine, task: TaskContext = {}): Promise<void> {
  const { name, folder } = cluster;
  await untilDockerClientsEnd(folder);
  const { ours, others } = await nodesByFolder(cluster, engine, task);
  if (others.length > 0) task.progress?.(`keeping the cluster ${name} of another run on this Docker`);
  else await removeExternalContainers(name, engine, task);
  if (ours.length > 0) await engine.docker(['rm', '--force', '--volumes', ...ours], task);
  if (!engine.private) {
    // A sweep finds whatever could not be removed.
    await holdNetwork(engine, () => removeUnusedNetwork(engine, task), task).catch((error: unknown) =>
      task.progress?.(`the clusters' network could not be removed: ${causeOf(error)}`),
    );
  }
  await removeFiles(folder);
  if (folder === folderOf(name)) await releaseRanges(name);
}

async function waitForNodes(name: string, engine: Engine, task: TaskContext): Promise<void> {
  task.progress?.(`waiting for the nodes of cluster ${name} to be ready`);
  await kubectlOnNode(name, ['wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=180s'], engine, task);
}

/**
 * Runs kind, which is configured by environment variables. The machine's proxies are cleared: a cluster that cannot leave the machine
 * cannot use them.
 */
function runKind(kind: string, args: readonly string[], engine: Engine, options: ExecOptions): Promise<string> {
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, '']);
  const env = {
    ...Object.fromEntries(proxies),
    KIND_EXPERIMENTAL_PROVIDER: 'docker',
    KIND_EXPERIMENTAL_DOCKER_NETWORK: NETWORK,
    ...engine.env,
  };
  return exec(kind, args, { timeoutMs: BOOT_MS, ...options, env });
}

async function writeConfig(options: CreateClusterOptions, engine: Engine): Promise<string> {
  const folder = dirname(options.kubeconfig);
  const cniFiles = Array.from({ length: options.nodes }, (_, node) => cniFile(folder, node));
  await rm(join(folder, 'network'), { recursive: true, force: true });
  await mkdir(join(folder, 'network'), { recursive: true });
  await Promise.all(cniFiles.map((file, node) => writeFile(file, JSON.stringify(cniConfig(options.podSubnet, node), undefined, 2))));
  const config = join(folder, 'kind.json');
  await writeFile(config, JSON.stringify(kindConfig({ ...options, cgroup: engine.cgroup, cniFiles }), undefined, 2));
  return config;
}

async function exportLogs({ name, kind, kubeconfig }: CreateClusterOptions, engine: Engine): Promise<string | undefined> {
  const nodes = await nodesByFolder({ name, folder: dirname(kubeconfig) }, engine).catch(() => undefined);
  if (nodes === undefined || nodes.ours.length === 0) return undefined;
  const folder = join(cacheFolder(), 'failures', name);
  // kind reports failure if a single one of many logs is unavailable.
  await runKind(kind, ['export', 'logs', folder, '--name', name], engine, { timeoutMs: 60_000 }).catch(() => '');
  return access(folder).then(
    () => folder,
    () => undefined,
  );
}

function failure(name: string, error: unknown, logs: string | undefined, engine: Engine): MeshproofError {
  const unaided = engine.restricted && !engine.private && /unable to apply caps|operation not permitted/i.test(causeOf(error));
  const hints = [
    unaided
      ? 'this host withholds CAP_SYS_RESOURCE: stop this Docker engine, and meshproof will start one that works without it'
      : undefined,
    logs === undefined ? undefined : `the nodes' logs are in ${logs}`,
    error instanceof MeshproofError ? error.hint : undefined,
  ];
  const hint = hints.filter((part) => part !== undefined).join('; ');
  return new MeshproofError('CLUSTER_FAILED', `cluster ${name} did not start: ${causeOf(error)}`, {
    cause: error,
    ...(hint === '' ? {} : { hint }),
  });
}
