import { access, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClusterDescription } from '../cluster.ts';
import { findEngines, type Engine } from '../engine/engine.ts';
import { firewallOf } from '../engine/firewall.ts';
import { release } from '../engine/hermetic.ts';
import type { Leftover, LeftoversOptions } from '../engine/leftover.ts';
import { findNetwork } from '../engine/network.ts';
import { endProcess } from '../engine/processes.ts';
import { clustersFolder } from '../paths.ts';
import type { Work } from '../work.ts';
import { clusterProcesses } from './cluster-processes.ts';
import { deleteCluster } from './kind.ts';
import { clusterFolders, listClusters, PREFIX } from './nodes.ts';
import { folderOf, ownerOf } from './owner.ts';
import { releaseRanges, reservations } from './ranges.ts';

/** A cluster, or what there is of one. */
interface Trace {
  name: string;
  folder: string;
  /** The engine that has containers of it. */
  engine?: Engine;
}

/** What killed runs left of kind clusters: containers, kubeconfigs, address ranges, processes that speak to them, and the network after the last one. */
export async function leftovers({ all = false }: LeftoversOptions = {}, work: Work = {}): Promise<Leftover[]> {
  const engines = await findEngines(work);
  const traces = await findTraces(engines, work);
  const left: Leftover[] = [];
  let live = 0;
  for (const trace of traces) {
    if (await isLeft(trace, engines, all)) left.push(...(await clusterLeftovers(trace)));
    else live += 1;
  }
  const doomed = traces.map(({ name }) => name);
  return live > 0 ? left : [...left, ...(await networkLeftovers(engines, doomed, work))];
}

async function findTraces(engines: readonly Engine[], work: Work): Promise<Trace[]> {
  const traces = new Map<string, Trace>();
  for (const engine of engines) {
    const folders = await clusterFolders(engine, work);
    for (const name of await listClusters(engine, work)) traces.set(name, { name, folder: folders.get(name) || folderOf(name), engine });
  }
  const names = [...(await readdir(clustersFolder()).catch(() => [])), ...(await reservations()).map(({ cluster }) => cluster)];
  for (const name of names) {
    if (name.startsWith(PREFIX) && !traces.has(name)) traces.set(name, { name, folder: folderOf(name) });
  }
  return [...traces.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** A cluster stays while its process lives, or when it was made to stay and is there. */
async function isLeft({ name, folder, engine }: Trace, engines: readonly Engine[], all: boolean): Promise<boolean> {
  const description = await describe(folder);
  if (description?.provider === 'existing') return false;
  if (all) return true;
  const owner = await ownerOf(name, folder);
  if (owner !== 'none' || description === undefined) return owner !== 'alive';
  // Without its engine nobody can tell.
  return engine === undefined && engines.some(({ host }) => host === description.dockerHost);
}

async function describe(folder: string): Promise<ClusterDescription | undefined> {
  const text = await readFile(join(folder, 'cluster.json'), 'utf8').catch(() => '');
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function clusterLeftovers({ name, folder, engine }: Trace): Promise<Leftover[]> {
  const pids = await clusterProcesses(folder);
  // First, because kind would go on making what is removed next.
  const left: Leftover[] = pids.map((pid) => ({ what: `process ${pid} of cluster ${name}`, remove: () => endProcess(pid, 5_000) }));
  const there = await access(folder).then(
    () => true,
    () => false,
  );
  const remains = there ? `folder ${folder}` : `address ranges of cluster ${name}`;
  const removeFiles = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await releaseRanges(name);
  };
  left.push(engine ? { what: `cluster ${name}`, remove: () => deleteCluster(name, engine) } : { what: remains, remove: removeFiles });
  return left;
}

/** The clusters' network where nothing but what is removed anyway is on it. */
async function networkLeftovers(engines: readonly Engine[], doomed: readonly string[], work: Work): Promise<Leftover[]> {
  const left: Leftover[] = [];
  for (const engine of engines) {
    const network = await findNetwork(engine, work);
    const isDoomed = (container: string): boolean => doomed.some((name) => container.startsWith(`${name}-`));
    if (!network?.containers.every(isDoomed)) continue;
    left.push({
      what: `Docker network ${network.bridge}`,
      remove: async () => {
        await engine.docker(['network', 'rm', network.id]);
        const firewall = await firewallOf(engine, undefined).catch(() => undefined);
        // The private engine's rules go with it.
        if (firewall && !engine.private) await release(firewall, network.bridge);
      },
    });
  }
  return left;
}
