import { access } from 'node:fs/promises';

import type { EngineOfCluster } from '../cluster.ts';
import { clusterNames, readDescription } from '../registry/description.ts';
import { findEngines, type Engine } from '../engine/engine.ts';
import { removeUnusedNetwork } from '../engine/hermetic.ts';
import type { Leftover, LeftoversOptions } from '../engine/leftover.ts';
import { containersOnNetwork, findNetwork, holdNetwork } from '../engine/network.ts';
import { notInContainers } from '../engine/process-search.ts';
import { endProcess, type ProcessIdentity } from '../engine/processes.ts';
import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { runnersOn } from '../registry/runners.ts';
import { clusterProcesses } from './cluster-processes.ts';
import { deleteCluster } from './kind.ts';
import { clusterFolders, listClusters, type ClusterFiles } from './nodes.ts';
import { engineOfOwner, folderOf, ownerOf, removeFiles, userOf } from '../registry/owner.ts';
import { isElsewhere } from '../registry/removal.ts';
import { releaseRanges, reservations } from './reservations.ts';

/** A cluster, or what is left of one. */
interface Trace extends ClusterFiles {
  /** '' if its nodes do not mount meshproof's configuration. */
  folder: string;
  /** The engine that runs containers of it. */
  engine?: Engine;
}

/**
 * Finds what killed runs left of kind clusters: containers, kubeconfigs, address ranges, processes that use them, and the network after the
 * last cluster. A cluster belongs to meshproof if its nodes mount meshproof's configuration from a folder that contains an owner record. It
 * is a leftover if the process in that record is dead.
 */
export async function leftovers({ spare = () => undefined }: LeftoversOptions = {}, task: TaskContext = {}): Promise<Leftover[]> {
  const engines = await findEngines(task);
  const left: Leftover[] = [];
  const doomed: string[] = [];
  for (const trace of await findTraces(engines, task)) {
    const verdict = await judge(trace, engines);
    if (verdict === 'left') {
      left.push(...(await clusterLeftovers(trace)));
      doomed.push(trace.name);
    } else if (verdict !== 'used') spare(`cluster ${trace.name}`, verdict);
  }
  for (const name of await clusterNames()) if (!doomed.includes(name)) left.push(...(await runnerLeftovers(name)));
  return [...left, ...(await networkLeftovers(engines, doomed, task))];
}

async function findTraces(engines: readonly Engine[], task: TaskContext): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const engine of engines) {
    const folders = await clusterFolders(engine, task);
    for (const name of await listClusters(engine, task)) traces.push({ name, folder: folders.get(name) ?? '', engine });
  }
  // The mounts of a cluster's containers tell where its files are, so its default folder is not listed again.
  const there = new Set(traces.map(({ folder }) => folder));
  const names = new Set([...(await clusterNames()), ...(await reservations()).map(({ cluster }) => cluster)]);
  const files = [...names].map((name) => ({ name, folder: folderOf(name) })).filter(({ folder }) => !there.has(folder));
  return [...traces, ...files].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Returns `left`, `used`, or a sentence that says why it is neither. */
async function judge({ name, folder, engine }: Trace, engines: readonly Engine[]): Promise<string> {
  if (folder === '') return 'meshproof did not create it';
  const description = await readDescription(name, folder);
  const isDescribed = typeof description === 'object';
  if (isDescribed && description.provider === 'existing') return 'used';
  const owner = await ownerOf(name, folder);
  if (owner === 'alive') return 'used';
  if (owner === 'unknown') return `its owner record in ${folder} cannot be read, or is from another machine or container`;
  if (owner === 'none' && isDescribed) {
    if (await isElsewhere(description)) return 'it was created on another machine';
    return engine === undefined && isAt(engines, description)
      ? `it was kept on purpose, but its containers are gone; npx meshproof down ${name} removes its files`
      : 'used';
  }
  if (owner === 'none') {
    // `down` releases the address ranges last.
    if (engine === undefined && !(await exists(folder))) return 'left';
    return typeof description === 'string' ? description : `there is no owner record in ${folder}`;
  }
  // A description that cannot be read may record namespaces in an existing cluster.
  if (typeof description === 'string' && engine === undefined) return description;
  const of = await engineOfOwner(folder);
  if (engine !== undefined || of.dockerHost === undefined || isAt(engines, of)) return 'left';
  const over = of.dockerData === undefined ? '' : ` with the data folder ${of.dockerData}`;
  return `the Docker engine at ${of.dockerHost}${over}, which may run its containers, does not answer`;
}

function isAt(engines: readonly Engine[], { dockerHost, dockerData }: EngineOfCluster): boolean {
  return engines.some(({ host, data }) => host === dockerHost && (dockerData === undefined || data === dockerData));
}

async function clusterLeftovers(trace: Trace): Promise<Leftover[]> {
  const { name, folder, engine } = trace;
  const what = engine !== undefined ? `cluster ${name}` : (await exists(folder)) ? `folder ${folder}` : `address ranges of cluster ${name}`;
  const remove = async (): Promise<void> => {
    await requireNobodys(trace);
    if (engine !== undefined) return deleteCluster(trace, engine);
    await removeFiles(folder);
    await releaseRanges(name);
  };
  // Processes come first: a running kind would recreate what is removed after it.
  return [...processLeftovers(await clusterProcesses(folder), `cluster ${name}`), { what, remove }];
}

/** Checks again before removal: another sweep may have removed the cluster, and a new run or `up` may have taken its name. */
async function requireNobodys({ name, folder }: ClusterFiles): Promise<void> {
  const owner = await ownerOf(name, folder);
  if (owner === 'dead' || (owner === 'none' && (await readDescription(name, folder)) === undefined)) return;
  throw new MeshproofError('CLUSTER_IN_USE', `a new cluster is named ${name}; it is kept`);
}

function processLeftovers(processes: readonly ProcessIdentity[], of: string): Leftover[] {
  return processes.map((found) => ({ what: `process ${found.pid} of ${of}`, remove: () => endProcess(found, 5_000) }));
}

/** Check runners that outlived the killed run that had claimed the cluster. */
async function runnerLeftovers(name: string): Promise<Leftover[]> {
  if ((await userOf(name)) !== 'dead') return [];
  return processLeftovers(await notInContainers(await runnersOn(folderOf(name))), `a killed run on cluster ${name}`);
}

/** The clusters' network, if only containers that are being removed are attached to it. */
async function networkLeftovers(engines: readonly Engine[], doomed: readonly string[], task: TaskContext): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for (const engine of engines) {
    const network = await findNetwork(engine, task);
    const isDoomed = (container: string): boolean => doomed.some((name) => container.startsWith(`${name}-`));
    if (!network?.ours || !(await containersOnNetwork(engine, task)).every(isDoomed)) continue;
    left.push({
      what: `Docker network ${network.bridge}`,
      remove: () => holdNetwork(engine, () => removeUnusedNetwork(engine)),
    });
  }
  return left;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
}
