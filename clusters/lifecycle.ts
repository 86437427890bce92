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
 * Creates a cluster with a mesh and its rigs, and writes its description to the clusters folder. On error everything is removed, or what
 * remains is a leftover once this process has ended. The cluster belongs to this process until `keepCluster`.
 * @throws MeshproofError `CLUSTER_NAME` or `CLUSTER_EXISTS` with exit code 2 before anything is created, or the provider's errors; after
 * `LEFT_BEHIND` the cluster's files are kept
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
    // The original error is reported; a sweep finds an engine that keeps running.
    if (options.provider.kind === 'kind') await stopEngine().catch(() => undefined);
    throw error;
  }
}

/** The functions that create and remove a provider's clusters; only the requested provider is loaded. */
async function operationsOf(provider: ClusterDescription['provider']) {
  if (provider === 'kind') return await import('./kind/provision.ts');
  const { provision } = await import('./existing/provision.ts');
  return { provision, deprovision: (await import('./existing/deprovision.ts')).deprovision };
}

/**
 * Writes the description of a new cluster. If that is impossible, e.g. because the disk is full, the cluster is removed again, because no
 * command would find it.
 * @throws the original error, or MeshproofError `LEFT_BEHIND` if the cluster could not be removed either
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
 * Removes a cluster, and the private engine with the last one. The cluster first becomes this process's, so that whatever an interruption
 * leaves of it is a leftover.
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

/** Stops the private engine, unless something still runs on it or another process is about to use it. */
async function stopEngine(task: TaskContext = {}): Promise<void> {
  await (await import('./engine/private-engine.ts')).stopPrivateEngine(task);
}
