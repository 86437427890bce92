import { rm } from 'node:fs/promises';

import { exclusively } from '../engine/exclusive.ts';
import { identify } from '../engine/processes.ts';
import { writeWhole } from '../files.ts';
import { claimForRemoval } from './removal.ts';
import { runnersOn } from './runners.ts';
import { folderOf, ownerOf, userFile, userOf } from './owner.ts';

/** Claims an existing cluster for this process, so that two runs never share its rigs. Returns false if another process uses it. */
export async function occupy(cluster: string): Promise<boolean> {
  return unlessInUse(cluster, async () => writeWhole(userFile(cluster), JSON.stringify(await identify(process.pid))));
}

/** Claims an existing cluster in order to remove it, like `claimForRemoval`. Returns false if another process uses it. */
export async function seize(cluster: Parameters<typeof claimForRemoval>[0]): Promise<boolean> {
  return unlessInUse(cluster.name, () => claimForRemoval(cluster));
}

export async function vacate(cluster: string): Promise<void> {
  await rm(userFile(cluster), { force: true });
}

/** Removes the record of a killed run, unless another run has claimed the cluster since. */
export async function vacateDead(cluster: string): Promise<void> {
  await unlessInUse(cluster, () => vacate(cluster));
}

/**
 * Whether a process uses the cluster: one that created it for itself, one that claimed it, or check runners that outlived it. Returns true
 * if that is unknown.
 */
export async function isInUse(cluster: string): Promise<boolean> {
  const states = await Promise.all([ownerOf(cluster), userOf(cluster)]);
  return states.some((state) => state === 'alive' || state === 'unknown') || (await runnersOn(folderOf(cluster))).length > 0;
}

/** If several processes check at once, only one of them acts. */
async function unlessInUse(cluster: string, take: () => Promise<void>): Promise<boolean> {
  return exclusively(`use of ${cluster}`, async () => {
    if (await isInUse(cluster)) return false;
    await take();
    return true;
  });
}
