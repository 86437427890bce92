import type { ClusterDescription, EngineOfCluster } from '../cluster.ts';
import { thisMachine, type Machine } from '../engine/machine.ts';
import { MeshproofError } from '../errors.ts';
import { claimCluster, folderOf } from './owner.ts';

type Described = Pick<ClusterDescription, 'name' | 'host'> & EngineOfCluster;

/**
 * Whether a cluster belongs to another machine's engine, as far as known: machines may share a home folder, and a socket with the same path
 * is a different engine there.
 */
export async function isElsewhere({ dockerHost, host }: Described, here?: Machine): Promise<boolean> {
  if (host === undefined || dockerHost?.startsWith('unix://') !== true) return false;
  const known = (here ?? (await thisMachine())).host;
  return known !== '' && known !== host;
}

/**
 * Ties a cluster to this process in order to remove it: whatever an interruption leaves of it is a leftover. If the disk is full, it is
 * removed without that, to make room.
 * @throws MeshproofError `CLUSTER_ELSEWHERE`
 */
export async function claimForRemoval(cluster: Described, here?: Machine): Promise<void> {
  const { name } = cluster;
  if (await isElsewhere(cluster, here)) {
    throw new MeshproofError('CLUSTER_ELSEWHERE', `${name} was created on another machine`, {
      hint: `run npx meshproof down ${name} on that machine; if it no longer exists, remove ${folderOf(name)}`,
    });
  }
  await claimCluster(name, folderOf(name), cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
  });
}
