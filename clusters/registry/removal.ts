import type { ClusterDescription } from '../cluster.ts';
import { thisMachine, type Machine } from '../engine/machine.ts';
import { MeshproofError } from '../errors.ts';
import { claimCluster, folderOf } from './owner.ts';

type Described = Pick<ClusterDescription, 'name' | 'dockerHost' | 'host'>;

/**
 * Whether a cluster lives on another machine's engine, as far as that can be told: a home folder may be shared between machines, and a socket
 * of the same path is another engine there.
 */
export async function isElsewhere({ dockerHost, host }: Described, here?: Machine): Promise<boolean> {
  if (host === undefined || dockerHost?.startsWith('unix://') !== true) return false;
  const known = (here ?? (await thisMachine())).host;
  return known !== '' && known !== host;
}

/**
 * Ties a cluster to this process in order to remove it: what an interruption leaves of it is a leftover. On a full disk it is removed untied,
 * because that makes room.
 * @throws MeshproofError `CLUSTER_ELSEWHERE`
 */
export async function claimForRemoval(cluster: Described, here?: Machine): Promise<void> {
  const { name, dockerHost } = cluster;
  if (await isElsewhere(cluster, here)) {
    throw new MeshproofError('CLUSTER_ELSEWHERE', `${name} was created on another machine`, {
      hint: `run npx meshproof down ${name} on that machine; if it no longer exists, remove ${folderOf(name)}`,
    });
  }
  await claimCluster(name, folderOf(name), dockerHost).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOSPC' && error.code !== 'EDQUOT') throw error;
  });
}
