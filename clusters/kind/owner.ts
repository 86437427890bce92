import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { identify, isAlive, type ProcessIdentity } from '../engine/processes.ts';
import { clustersFolder } from '../paths.ts';

/**
 * Whose a cluster is: `alive` while the process that made it for itself runs, `dead` when that process is gone without having removed it,
 * `none` when nobody claims it: it was made to stay.
 */
export type Owner = 'alive' | 'dead' | 'none';

/** Where a cluster's files are unless it was made under another cache folder. */
export function folderOf(cluster: string): string {
  return join(clustersFolder(), cluster);
}

function ownerFile(folder: string): string {
  return join(folder, 'owner.json');
}

/** Ties a cluster to the life of this process: when that has gone, the cluster is a leftover. */
export async function claimCluster(cluster: string, folder: string = folderOf(cluster)): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(ownerFile(folder), JSON.stringify(await identify(process.pid)));
}

/** Unties a cluster from the process that made it, so that it stays until it is removed. */
export async function keepCluster(cluster: string, folder: string = folderOf(cluster)): Promise<void> {
  await rm(ownerFile(folder), { force: true });
}

export async function ownerOf(cluster: string, folder: string = folderOf(cluster)): Promise<Owner> {
  const text = await readFile(ownerFile(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return 'none';
  try {
    const owner: ProcessIdentity = JSON.parse(text);
    return (await isAlive(owner)) ? 'alive' : 'dead';
  } catch {
    // Cut off while it was written.
    return 'dead';
  }
}
