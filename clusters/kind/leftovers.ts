import { access } from 'node:fs/promises';

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

/** A cluster, or what there is of one. */
interface Trace extends ClusterFiles {
  /** '' where its nodes do not have our configuration. */
  folder: string;
  /** The engine that has containers of it. */
  engine?: Engine;
}

/**
 * What killed runs left of kind clusters: containers, kubeconfigs, address ranges, processes that speak to them, and the network after the last one.
 * A cluster is ours when its nodes mount our configuration from a folder in which a record of its owner lies, and left when that process is dead.
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
  // What has containers has its files there where they say.
  const there = new Set(traces.map(({ folder }) => folder));
  const names = new Set([...(await clusterNames()), ...(await reservations()).map(({ cluster }) => cluster)]);
  const files = [...names].map((name) => ({ name, folder: folderOf(name) })).filter(({ folder }) => !there.has(folder));
  return [...traces, ...files].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** `left`, `used`, or in words why it is neither. */
async function judge({ name, folder, engine }: Trace, engines: readonly Engine[]): Promise<string> {
  if (folder === '') return 'meshproof did not create it';
  const description = await readDescription(name, folder);
  const isDescribed = typeof description === 'object';
  if (isDescribed && description.provider === 'existing') return 'used';
  const owner = await ownerOf(name, folder);
  if (owner === 'alive') return 'used';
  if (owner === 'unknown') return `the record of its owner in ${folder} cannot be read, or is of another machine or container`;
  if (owner === 'none' && isDescribed) {
    if (await isElsewhere(description)) return 'it was created on another machine';
    return engine === undefined && isAt(engines, description.dockerHost)
      ? `it was created to stay, but its containers are gone; npx meshproof down ${name} removes its files`
      : 'used';
  }
  if (owner === 'none') {
    // Ranges are given back last.
    if (engine === undefined && !(await exists(folder))) return 'left';
    return typeof description === 'string' ? description : `there is no record of an owner in ${folder}`;
  }
  // It may tell of namespaces in someone's cluster.
  if (typeof description === 'string' && engine === undefined) return description;
  const host = await engineOfOwner(folder);
  if (engine !== undefined || host === undefined || isAt(engines, host)) return 'left';
  return `the Docker engine at ${host}, which may run its containers, does not answer`;
}

function isAt(engines: readonly Engine[], dockerHost: string | undefined): boolean {
  return engines.some(({ host }) => host === dockerHost);
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
  // Its processes first, because kind would go on making what is removed next.
  return [...processLeftovers(await clusterProcesses(folder), `cluster ${name}`), { what, remove }];
}

/** Another sweep may have been here first, and a new run or `up` have the name by now. */
async function requireNobodys({ name, folder }: ClusterFiles): Promise<void> {
  const owner = await ownerOf(name, folder);
  if (owner === 'dead' || (owner === 'none' && (await readDescription(name, folder)) === undefined)) return;
  throw new MeshproofError('CLUSTER_IN_USE', `there is a new cluster named ${name}; it is kept`);
}

function processLeftovers(processes: readonly ProcessIdentity[], of: string): Leftover[] {
  return processes.map((found) => ({ what: `process ${found.pid} of ${of}`, remove: () => endProcess(found, 5_000) }));
}

/** Checks that go on although the run that took the cluster for them is dead. */
async function runnerLeftovers(name: string): Promise<Leftover[]> {
  if ((await userOf(name)) !== 'dead') return [];
  return processLeftovers(await notInContainers(await runnersOn(folderOf(name))), `a killed run on cluster ${name}`);
}

/** The clusters' network where nothing but what is removed anyway is on it. */
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
