import { dirname } from 'node:path';

import type { ClusterDescription } from '../cluster.ts';
import { exclusively } from '../engine/exclusive.ts';
import { MeshproofError } from '../errors.ts';
import { writeWhole } from '../files.ts';
import { describedIn } from './description.ts';

/** Maximum number of kept rigs on a cluster: each uses the memory of eight pods with their proxies. */
const MOST_KEPT = 3;

/**
 * Keeps a rig as a check left it: no worker uses it again.
 * @param file the cluster's description
 * @returns false if the maximum number of rigs is kept already, or if rigs are in namespaces of the cluster's owner, so that no new one can
 * be created
 */
export function keepRig(file: string, rig: string): Promise<boolean> {
  return changing(file, async (cluster) => {
    const { kept = [], preprovisioned = false } = cluster;
    if (kept.includes(rig)) return true;
    if (preprovisioned || kept.length >= MOST_KEPT) return false;
    cluster.kept = [...kept, rig];
    return true;
  });
}

/** The kept rigs of a cluster. @param file the cluster's description */
export async function keptRigs(file: string): Promise<string[]> {
  return (await describedIn(file)).kept ?? [];
}

/**
 * Replaces a kept rig by a new one, and returns the updated cluster. Rigs that are not kept stay unchanged.
 * @param make deploys a rig of this name like another one
 * @throws MeshproofError `RIG_KEPT` if rigs are in namespaces of the cluster's owner, so that no new one can be created
 */
export async function renewKept(
  file: string,
  index: number,
  make: (cluster: ClusterDescription, like: string, name: string) => Promise<void>,
): Promise<ClusterDescription> {
  const before = await describedIn(file);
  if (!isKept(before, index)) return before;
  return changing(file, async (cluster) => {
    const { rigs, kept = [], preprovisioned } = cluster;
    const like = rigs[index];
    if (like === undefined || !isKept(cluster, index)) return cluster;
    if (preprovisioned === true) {
      throw new MeshproofError(
        'RIG_KEPT',
        `${like} is kept for inspection after a failed check, and ${cluster.name} has no other namespaces`,
        {
          hint: 'inspect it, then run without --keep',
        },
      );
    }
    const name = freeName(cluster.name, new Set([...rigs, ...kept]));
    await make(cluster, like, name);
    cluster.rigs = rigs.with(index, name);
    return cluster;
  });
}

function isKept({ rigs, kept = [] }: ClusterDescription, index: number): boolean {
  const rig = rigs[index];
  return rig !== undefined && kept.includes(rig);
}

function freeName(cluster: string, taken: ReadonlySet<string>): string {
  let number = 0;
  while (taken.has(`${cluster}-rig-${number}`)) number++;
  return `${cluster}-rig-${number}`;
}

/** Several workers of a run update the same description. */
function changing<T>(file: string, change: (cluster: ClusterDescription) => Promise<T>): Promise<T> {
  const changeIt = async (): Promise<T> => {
    const cluster = await describedIn(file);
    const result = await change(cluster);
    await writeWhole(file, JSON.stringify(cluster, null, 2));
    return result;
  };
  // The lock is removed with the cluster's folder.
  return exclusively(`description ${file}`, changeIt, {}, { folder: dirname(file) });
}
