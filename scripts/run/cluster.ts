import type { ClusterDescription } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { isSameCluster } from '../../clusters/kubernetes/identity.ts';
import { up, down } from '../../clusters/lifecycle.ts';
import { newClusterName } from '../../clusters/names.ts';
import type { ExistingProvider, UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { isInUse, occupy, vacate } from '../../clusters/registry/occupancy.ts';
import { claimName, keepCluster, ownerOf } from '../../clusters/registry/owner.ts';
import { leaveRigs } from '../../clusters/rigs/leases.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { requireDisk } from './disk.ts';

export interface BorrowedCluster {
  description: ClusterDescription;
  /** Whether it was created for this run. */
  createdForRun: boolean;
}

/**
 * The cluster created by `up` to use: the one of the given name, or else the first unused one that matches. If a context is given, the
 * cluster must be the one that it leads to now; the owner's namespaces are used only if they are given.
 * @throws MeshproofError with exit code 2 if no cluster has the given name, or it has another mesh, is not the cluster that the context
 * leads to, or is used by another run
 */
export async function findCluster(existing: readonly ClusterDescription[], wanted: UpOptions): Promise<ClusterDescription | undefined> {
  if (wanted.name !== undefined) return namedCluster(existing, wanted.name, wanted);
  const { provider } = wanted;
  for (const cluster of existing) {
    const same = hasMesh(cluster, wanted) && cluster.provider === provider.kind;
    const free = same && (await ownerOf(cluster.name)) === 'none' && !(await isInUse(cluster.name));
    if (free && (provider.kind === 'kind' || (await isWhatIsMeant(cluster, provider)))) return cluster;
  }
  return undefined;
}

/** Whether a cluster has the mesh, in the version if one is given. */
const hasMesh = (cluster: ClusterDescription, { mesh, meshVersion }: Pick<UpOptions, 'mesh' | 'meshVersion'>): boolean =>
  cluster.mesh === mesh && (meshVersion === undefined || cluster.meshVersion === meshVersion);

/** The mesh, followed by its version if that is known. */
export const nameOfMesh = ({ mesh, meshVersion }: Pick<UpOptions, 'mesh' | 'meshVersion'>): string =>
  [mesh, meshVersion].filter(Boolean).join(' ');

async function isWhatIsMeant(cluster: ClusterDescription, provider: ExistingProvider): Promise<boolean> {
  const { namespaces, context, revision } = provider;
  const preprovisioned = cluster.preprovisioned === true && cluster.rigs[0]?.startsWith(`${namespaces}-rig-`) === true;
  if (cluster.revision !== revision) return false;
  if (!(namespaces === undefined ? cluster.preprovisioned !== true : preprovisioned)) return false;
  // Another context of the same cluster would be another account.
  return (context === undefined || cluster.context === context) && (await isSameCluster(cluster, provider));
}

async function namedCluster(existing: readonly ClusterDescription[], name: string, wanted: UpOptions): Promise<ClusterDescription> {
  const { provider } = wanted;
  const cluster = existing.find((one) => one.name === name);
  const list = existing.map((one) => `${one.name} (${nameOfMesh(one)})`).join(', ') || 'none';
  const refuse = (code: string, message: string) => new MeshproofError(code, message, { hint: `clusters: ${list}`, exitCode: EXIT.usage });
  if (cluster === undefined) throw refuse('CLUSTER_UNKNOWN', `no cluster is named ${name}`);
  if (!hasMesh(cluster, wanted)) throw refuse('OTHER_MESH', `${name} runs ${nameOfMesh(cluster)}, not ${nameOfMesh(wanted)}`);
  if (provider.kind === 'existing' && !(cluster.provider === 'existing' && (await isSameCluster(cluster, provider))))
    throw refuse('OTHER_CLUSTER', `${name} cannot be shown to belong to the cluster of context ${provider.context}`);
  if (await isInUse(name)) throw inUse(name);
  return cluster;
}

const inUse = (name: string) =>
  new MeshproofError('CLUSTER_IN_USE', `another run is using ${name}`, {
    hint: 'wait for that run, or omit --cluster',
    exitCode: EXIT.usage,
  });

/** Claims an existing cluster, or creates one, which a sweep removes if this process dies before returning it. */
export async function borrowCluster(wanted: UpOptions, fresh: boolean, task: TaskContext): Promise<BorrowedCluster> {
  const found = fresh ? undefined : await findCluster(await clusters(task.progress), wanted);
  if (found !== undefined && (await occupy(found.name))) return { description: found, createdForRun: false };
  // Another run was faster. Nobody who names a cluster wants another one.
  if (found !== undefined && wanted.name !== undefined) throw inUse(found.name);
  if (wanted.provider.kind === 'kind') await requireDisk();
  const name = wanted.name ?? newClusterName();
  await claimName(name);
  return { description: await up({ ...wanted, name }, task), createdForRun: true };
}

/** Returns a cluster: removes it if it was created for this run and is not to be kept. */
export async function returnCluster({ description, createdForRun }: BorrowedCluster, keep: boolean, task: TaskContext): Promise<void> {
  const { name } = description;
  if (!createdForRun) return vacate(name);
  if (keep) {
    await leaveRigs(name);
    return keepCluster(name);
  }
  return down(name, task);
}
