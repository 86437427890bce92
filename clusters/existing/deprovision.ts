import type { ClusterDescription } from '../cluster.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { requireSameCluster } from '../kubernetes/identity.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { patiently } from '../kubernetes/patiently.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { adapterOf } from '../meshes.ts';
import { judgeLease, leaseRef, ownerOf, type LeaseObject } from '../rigs/lease.ts';
import { RigLeases } from '../rigs/leases.ts';
import { notMade } from '../rigs/listed.ts';
import { ownRigs, type OwnedRigs } from '../rigs/own-namespaces.ts';
import type { TaskContext } from '../task-context.ts';
import { removeRigs } from './remove.ts';

/**
 * Removes from the cluster what was created for this description, and nothing else. Preprovisioned namespaces that another run holds by now
 * contain nothing of it.
 * @throws MeshproofError `RIG_IN_USE` if another process uses its rigs, `OTHER_CLUSTER` if the context leads to another cluster,
 * `CLUSTER_UNCERTAIN` if that cannot be determined, and `LEFT_BEHIND`
 */
export async function deprovision(cluster: ClusterDescription, task: TaskContext): Promise<void> {
  const { name, kubeconfig, context, mesh, revision, rigs, preprovisioned = false } = cluster;
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const owned = { owner: name, rigs, preprovisioned };
    await requireSameCluster(api, cluster, () => holdsAny(api, owned, task), task);
    const adapter = await adapterOf({ mesh, kubeconfig, context, ...omitUndefined({ revision }) }, api);
    await patiently(() => deprovisionHeld(api, adapter, owned, task), task);
  } finally {
    api.close();
  }
}

/** Whether the cluster contains anything that was created for this owner. */
async function holdsAny(api: KubernetesApi, { owner, rigs, preprovisioned }: OwnedRigs, task: TaskContext): Promise<boolean> {
  const leases = await Promise.all(rigs.map((rig) => api.get<LeaseObject>(leaseRef(rig), task.signal)));
  if (leases.some((lease) => lease !== undefined && ownerOf(lease) === owner)) return true;
  return !preprovisioned && (await ownRigs(api, { owner }, task)).length > 0;
}

/** Removes the rigs while this process holds their leases, so that no run starts on them before everything is gone. */
async function deprovisionHeld(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, preprovisioned }: OwnedRigs,
  task: TaskContext,
): Promise<void> {
  // A run may have replaced some of its own rigs, and an interrupted removal may have left some without their first namespace.
  const all = preprovisioned ? rigs : (await ownRigs(api, { owner }, task)).map(({ rig }) => rig);
  const looks = await Promise.all(
    all.map(async (rig) => {
      const { lease } = await judgeLease(api, rig, task);
      // A lease with another cluster's name was taken over, including its journal.
      const mine = lease === undefined || ownerOf(lease) === owner;
      return mine && (await api.find({ apiVersion: 'v1', kind: 'Namespace', name: rig }, task.signal)) !== undefined ? [rig] : [];
    }),
  );
  const leased = looks.flat();
  const leases = await RigLeases.take(api, leased, owner, task);
  try {
    await removeRigs(api, mesh, { owner, rigs: all, preprovisioned, leased }, notMade, task);
    // Removed last: while the leases exist, others know that the namespaces are in use.
    await leases.remove();
  } finally {
    leases.stop();
  }
}
