import type { ClusterDescription } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { isSameCluster } from '../../clusters/kubernetes/identity.ts';
import { up, down } from '../../clusters/lifecycle.ts';
import { newClusterName } from '../../clusters/names.ts';
import type { ExistingProvider, UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { isInUse, occupy, vacate } from '../../clusters/registry/occupancy.ts';
import { claimCluster, keepCluster, ownerOf } from '../../clusters/registry/owner.ts';
import { leaveRigs } from '../../clusters/rigs/leases.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { requireDisk } from './disk.ts';

export interface BorrowedCluster {
  description: ClusterDescription;
  /** Whether it was made for this run. */
  createdForRun: boolean;
}

/**
 * Among the clusters that `up` left, the one to use: of this name, else the first that is free and is what would be made. Where a context is
 * named, it is the cluster that the context leads to now; namespaces of its owner are used only where they are named.
 * @throws MeshproofError with exit code 2 when a name is given and there is none, it has another mesh, it is in another cluster than the
 * context leads to, or another run uses it.
 */
export async function findCluster(existing: readonly ClusterDescription[], wanted: UpOptions): Promise<ClusterDescription | undefined> {
  if (wanted.name !== undefined) return namedCluster(existing, wanted.name, wanted);
  const { provider } = wanted;
  for (const cluster of existing) {
    const same = cluster.mesh === wanted.mesh && cluster.provider === provider.kind;
    const free = same && (await ownerOf(cluster.name)) === 'none' && !(await isInUse(cluster.name));
    if (free && (provider.kind === 'kind' || (await isWhatIsMeant(cluster, provider)))) return cluster;
  }
  return undefined;
}

async function isWhatIsMeant(cluster: ClusterDescription, provider: ExistingProvider): Promise<boolean> {
  const { namespaces, context, revision } = provider;
  const preprovisioned = cluster.preprovisioned === true && cluster.rigs[0]?.startsWith(`${namespaces}-rig-`) === true;
  if (cluster.revision !== revision) return false;
  if (!(namespaces === undefined ? cluster.preprovisioned !== true : preprovisioned)) return false;
  // Another context of the same cluster would be another account.
  return (context === undefined || cluster.context === context) && (await isThere(cluster, provider));
}

async function isThere(cluster: ClusterDescription, provider: ExistingProvider): Promise<boolean> {
  return isSameCluster(cluster, provider);
}

async function namedCluster(
  existing: readonly ClusterDescription[],
  name: string,
  { mesh, provider }: UpOptions,
): Promise<ClusterDescription> {
  const cluster = existing.find((one) => one.name === name);
  const list = existing.map((one) => `${one.name} (${one.mesh})`).join(', ') || 'none';
  const refuse = (code: string, message: string) => new MeshproofError(code, message, { hint: `clusters: ${list}`, exitCode: EXIT.usage });
  if (cluster === undefined) throw refuse('CLUSTER_UNKNOWN', `no cluster is named ${name}`);
  if (cluster.mesh !== mesh) throw refuse('OTHER_MESH', `${name} runs ${cluster.mesh}, not ${mesh}`);
  if (provider.kind === 'existing' && !(cluster.provider === 'existing' && (await isThere(cluster, provider))))
    throw refuse('OTHER_CLUSTER', `${name} cannot be shown to belong to the cluster of context ${provider.context}`);
  if (await isInUse(name)) throw refuse('CLUSTER_IN_USE', `another run is using ${name}`);
  return cluster;
}

/** Takes a cluster that is there, or makes one, which a sweep removes when this process dies before it is returned. */
export async function borrowCluster(wanted: UpOptions, fresh: boolean, task: TaskContext): Promise<BorrowedCluster> {
  const found = fresh ? undefined : await findCluster(await clusters(task.progress), wanted);
  if (found !== undefined && (await occupy(found.name))) return { description: found, createdForRun: false };
  if (wanted.provider.kind === 'kind') await requireDisk();
  const name = newClusterName();
  await claimCluster(name);
  return { description: await up({ ...wanted, name }, task), createdForRun: true };
}

/** Gives a cluster back: removes it when it was made for this run and is not to be kept. */
export async function returnCluster({ description, createdForRun }: BorrowedCluster, keep: boolean, task: TaskContext): Promise<void> {
  const { name } = description;
  if (!createdForRun) return vacate(name);
  if (keep) {
    await leaveRigs(name);
    return keepCluster(name);
  }
  return down(name, task);
}
