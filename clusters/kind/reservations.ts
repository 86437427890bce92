import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Engine } from '../engine/engine.ts';
import { exclusively } from '../engine/exclusive.ts';
import { MeshproofError } from '../errors.ts';
import { makeFolder, membersOf, readJson, writeWhole } from '../files.ts';
import { isClusterName, requireClusterName } from '../names.ts';
import { stateFolder } from '../paths.ts';
import { clusterFolders } from './nodes.ts';
import { type ClusterRanges, rangesOf, SLOTS } from './ranges.ts';

function slotsFolder(): string {
  return join(stateFolder(), 'ranges');
}

/**
 * Reserves address ranges for a cluster until `releaseRanges`. Two processes never get the same slot. A second call for the same cluster
 * returns the same ranges. If an engine is given, ranges that its clusters use under other state folders are skipped too.
 * @throws MeshproofError `RANGES_TAKEN` if every slot is taken
 */
export async function reserveRanges(cluster: string, engine?: Engine): Promise<ClusterRanges> {
  requireClusterName(cluster);
  const inUse = engine ? await podSubnets(engine) : new Set();
  await makeFolder(slotsFolder());
  return exclusively('address ranges', async () => {
    const held = await reservations();
    const own = held.find((reservation) => reservation.cluster === cluster);
    if (own) return rangesOf(own.slot);
    // A file that does not contain a cluster's name was left by an interrupted write, and reserves nothing.
    const taken = new Set(held.map(({ slot }) => slot));
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (taken.has(slot) || inUse.has(rangesOf(slot).podSubnet)) continue;
      await writeWhole(join(slotsFolder(), String(slot)), cluster);
      return rangesOf(slot);
    }
    throw new MeshproofError('RANGES_TAKEN', `all ${SLOTS} address ranges are in use`, {
      hint: 'remove clusters with `npx meshproof down`, and leftovers of killed runs with `npx meshproof sweep`',
    });
  });
}

async function podSubnets(engine: Engine): Promise<Set<string>> {
  const folders = [...(await clusterFolders(engine)).values()];
  const readings = await Promise.all(folders.map((folder) => readJson(join(folder, 'kind.json'))));
  return new Set(
    readings.flatMap((reading) => {
      const { networking } = membersOf(reading.found === 'value' ? reading.value : undefined);
      const { podSubnet } = membersOf(networking);
      return typeof podSubnet === 'string' ? podSubnet : [];
    }),
  );
}

/** Releases the ranges of a cluster. */
export async function releaseRanges(cluster: string): Promise<void> {
  for (const { slot, cluster: holder } of await reservations()) {
    if (holder === cluster) await rm(join(slotsFolder(), String(slot)), { force: true });
  }
}

/** Lists which cluster holds which slot. Ignores files that do not contain a cluster's name. */
export async function reservations(): Promise<{ slot: number; cluster: string }[]> {
  const files = await readdir(slotsFolder()).catch(() => []);
  const slots = files.filter((file) => /^\d{1,2}$/.test(file) && Number(file) < SLOTS).map(Number);
  const held = await Promise.all(
    slots.map(async (slot) => ({ slot, cluster: await readFile(join(slotsFolder(), String(slot)), 'utf8').catch(() => '') })),
  );
  return held.filter(({ cluster }) => isClusterName(cluster));
}
