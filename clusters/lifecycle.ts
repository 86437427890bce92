import { join } from 'node:path';

import type { ClusterDescription } from './cluster.ts';
import { clusters, readDescription, writeDescription } from './registry/description.ts';
import { EXIT, LEFT_BEHIND, leftBehind, MeshproofError } from './errors.ts';
import { claimName, folderOf, removeFiles } from './registry/owner.ts';
import { newClusterName, requireClusterName } from './names.ts';
import type { UpOptions } from './provider.ts';
import { claimForRemoval } from './registry/removal.ts';
import type { TaskContext } from './task-context.ts';

/**
 * Brings up a cluster with a mesh and its rigs, and leaves its description in the clusters folder. On error nothing is left, or what is left
 * is a leftover once this process has gone. The cluster belongs to this process until `keepCluster`.
 * @throws MeshproofError `CLUSTER_NAME` or `CLUSTER_EXISTS` with exit code 2 before anything is made, or what the provider throws; after
 *   `LEFT_BEHIND` the cluster's files stay
 */
export async function up(options: UpOptions, task: TaskContext): Promise<ClusterDescription> {
  const name = requireClusterName(options.name ?? newClusterName());
  const { provision, deprovision } = await operationsOf(options.provider.kind);
  const folder = await claimName(name);
  if ((await readDescription(name, folder)) !== undefined) {
    throw new MeshproofError('CLUSTER_EXISTS', `cluster ${name} already exists`, {
      hint: `remove it with npx meshproof down ${name}`,
      exitCode: EXIT.usage,
    });
  }
  try {
    const description = await provision(name, join(folder, 'kubeconfig'), { ...options, writeDescription }, task);
    await describeOrDeprovision(description, deprovision);
    return description;
  } catch (error) {
    if (!(error instanceof MeshproofError && error.code === LEFT_BEHIND)) await removeFiles(folder);
    // What went wrong first is what is told; an engine that stays is found by a sweep.
    if (options.provider.kind === 'kind') await stopEngine().catch(() => undefined);
    throw error;
  }
}

/** How clusters of that provider are made and removed; only what is asked for is loaded. */
async function operationsOf(provider: ClusterDescription['provider']) {
  if (provider === 'kind') return await import('./kind/provision.ts');
  const { provision } = await import('./existing/provision.ts');
  return { provision, deprovision: (await import('./existing/deprovision.ts')).deprovision };
}

/**
 * Writes the description of a cluster that is up. Where that is not possible, as on a full disk, the cluster is taken down again: without it
 * no command would find what stands.
 * @throws what went wrong, or MeshproofError `LEFT_BEHIND` where the cluster could not be taken down either
 */
export async function describeOrDeprovision(
  description: ClusterDescription,
  deprovision: (cluster: ClusterDescription, task: TaskContext) => Promise<void>,
): Promise<void> {
  try {
    await writeDescription(description);
  } catch (error) {
    await deprovision(description, {}).catch((cause: unknown) => {
      throw leftBehind(description.name, error, cause);
    });
    throw error;
  }
}

/**
 * Removes a cluster, and the private engine with the last one. From now on it is this process's: what an interruption leaves of it is a leftover.
 * @throws MeshproofError `CLUSTER_UNKNOWN` with exit code 2, or `CLUSTER_ELSEWHERE`
 */
export async function down(name: string, task: TaskContext): Promise<void> {
  const known = await clusters();
  const cluster = known.find((one) => one.name === name);
  if (cluster === undefined) {
    const names = known.map((one) => one.name).join(', ');
    throw new MeshproofError('CLUSTER_UNKNOWN', `no cluster is named ${name}`, {
      hint: names === '' ? 'there are none' : `clusters: ${names}`,
      exitCode: EXIT.usage,
    });
  }
  const { deprovision } = await operationsOf(cluster.provider);
  await claimForRemoval(cluster);
  await deprovision(cluster, task);
  await removeFiles(folderOf(name));
  if (cluster.provider === 'kind') await stopEngine(task);
}

/** Ends the private engine, unless something still runs on it or another process is about to use it. */
async function stopEngine(task: TaskContext = {}): Promise<void> {
  await (await import('./engine/private-engine.ts')).stopPrivateEngine(task);
}
