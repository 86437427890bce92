import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Engine } from '../engine/engine.ts';
import { MeshproofError } from '../errors.ts';
import { cacheFolder } from '../paths.ts';
import { clusterFolders } from './nodes.ts';

/**
 * Pods and services of all clusters live in 198.19.0.0/16 (see clusters/engine/addresses.ts). It is cut into 16 slots of /20,
 * one a cluster, so that any two clusters can be joined. The lower half of a slot is for pods, a /24 for each of up to
 * eight nodes; the upper half is for services.
 */
export interface ClusterRanges {
  podSubnet: string;
  serviceSubnet: string;
}

export const SLOTS = 16;
export const MOST_NODES = 8;
/** What no cluster may translate: pods of joined clusters see each other's addresses. */
export const ALL_RANGES = '198.19.0.0/16';

/** The ranges of a slot, from 0. */
export function rangesOf(slot: number): ClusterRanges {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) throw new RangeError(`slot ${slot} is not one of 0 to ${SLOTS - 1}`);
  return { podSubnet: `198.19.${slot * 16}.0/21`, serviceSubnet: `198.19.${slot * 16 + 8}.0/21` };
}

/** The pod range of the node with this number, from 0. */
export function nodeRange(podSubnet: string, node: number): string {
  const [, start, third, rest] = /^(\d+\.\d+)\.(\d+)\.(\d+)\/21$/.exec(podSubnet) ?? [];
  if (start === undefined || rest !== '0') throw new RangeError(`${podSubnet} is not a pod range of meshproof`);
  if (!Number.isInteger(node) || node < 0 || node >= MOST_NODES) throw new RangeError(`node ${node} is not one of 0 to ${MOST_NODES - 1}`);
  return `${start}.${Number(third) + node}.0/24`;
}

function slotsFolder(): string {
  return join(cacheFolder(), 'ranges');
}

/**
 * Reserves ranges for a cluster until `releaseRanges`. A reservation is a file that can be made only once, so two processes never get the same slot.
 * Asking again for the same cluster returns the same ranges. Given the engine, ranges of its clusters under other cache folders are left out as well.
 * @throws MeshproofError `RANGES_TAKEN` when there are as many clusters as slots.
 */
export async function reserveRanges(cluster: string, engine?: Engine): Promise<ClusterRanges> {
  await mkdir(slotsFolder(), { recursive: true });
  const held = (await reservations()).find((reservation) => reservation.cluster === cluster);
  if (held) return rangesOf(held.slot);
  const inUse = engine ? await podSubnets(engine) : new Set();
  for (let slot = 0; slot < SLOTS; slot += 1) {
    if (inUse.has(rangesOf(slot).podSubnet)) continue;
    const won = await writeFile(join(slotsFolder(), String(slot)), cluster, { flag: 'wx' }).then(() => true, unlessTaken);
    if (won) return rangesOf(slot);
  }
  throw new MeshproofError('RANGES_TAKEN', `all ${SLOTS} address ranges are in use`, {
    hint: 'remove clusters with `meshproof down`, and what killed runs left with `meshproof sweep`',
  });
}

function unlessTaken(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EEXIST') throw error;
  return false;
}

async function podSubnets(engine: Engine): Promise<Set<string>> {
  const folders = [...(await clusterFolders(engine)).values()];
  const texts = await Promise.all(folders.map((folder) => readFile(join(folder, 'kind.json'), 'utf8').catch(() => '{}')));
  return new Set(
    texts.flatMap((text) => {
      const config: { networking?: { podSubnet?: string } } = JSON.parse(text);
      return config.networking?.podSubnet ?? [];
    }),
  );
}

/** Gives back the ranges of a cluster. */
export async function releaseRanges(cluster: string): Promise<void> {
  for (const { slot, cluster: holder } of await reservations()) {
    if (holder === cluster) await rm(join(slotsFolder(), String(slot)), { force: true });
  }
}

/** Which cluster holds which slot. */
export async function reservations(): Promise<{ slot: number; cluster: string }[]> {
  const files = await readdir(slotsFolder()).catch(() => []);
  const slots = files.filter((file) => /^\d+$/.test(file)).map(Number);
  const held = await Promise.all(
    slots.map(async (slot) => ({ slot, cluster: await readFile(join(slotsFolder(), String(slot)), 'utf8').catch(() => '') })),
  );
  // An empty file is being written by its holder right now.
  return held.filter(({ cluster }) => cluster !== '');
}
