import type { ClusterDescription } from '../cluster.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { requireSameCluster } from '../kubernetes/identity.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { patiently } from '../kubernetes/patiently.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { adapterOf } from '../meshes.ts';
import { judgeLease, ownerOf } from '../rigs/lease.ts';
import { RigLeases } from '../rigs/leases.ts';
import { notMade } from '../rigs/listed.ts';
import { ownRigs, type OwnedRigs } from '../rigs/own-namespaces.ts';
import type { TaskContext } from '../task-context.ts';
import { removeRigs } from './remove.ts';

/**
 * Removes from the cluster what was made for this one, and nothing else. Lent namespaces that another run holds by now hold nothing of it.
 * @throws MeshproofError `RIG_IN_USE` when another process uses its rigs, `OTHER_CLUSTER` when another cluster answers in the place of that one,
 * `CLUSTER_UNCERTAIN` when nothing tells whether it does, and `LEFT_BEHIND`
 */
export async function deprovision(cluster: ClusterDescription, task: TaskContext): Promise<void> {
  const { name, kubeconfig, context, mesh, revision, rigs, preprovisioned = false } = cluster;
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    await requireSameCluster(api, cluster, task);
    const adapter = await adapterOf({ mesh, kubeconfig, context, ...omitUndefined({ revision }) }, api);
    await patiently(() => deprovisionHeld(api, adapter, { owner: name, rigs, preprovisioned }, task), task);
  } finally {
    api.close();
  }
}

/** Removes the rigs while their leases are ours, so that nobody begins on them before all of it is gone. */
async function deprovisionHeld(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, preprovisioned }: OwnedRigs,
  task: TaskContext,
): Promise<void> {
  // A run may have renewed some of its own, and a removal that broke off has left some without their first namespace.
  const all = preprovisioned ? rigs : (await ownRigs(api, { owner }, task)).map(({ rig }) => rig);
  const looks = await Promise.all(
    all.map(async (rig) => {
      const { lease } = await judgeLease(api, rig, task);
      // A lease that carries another cluster's name was taken over, with its journal.
      const mine = lease === undefined || ownerOf(lease) === owner;
      return mine && (await api.find({ apiVersion: 'v1', kind: 'Namespace', name: rig }, task.signal)) !== undefined ? [rig] : [];
    }),
  );
  const leased = looks.flat();
  const leases = await RigLeases.take(api, leased, owner, task);
  try {
    await removeRigs(api, mesh, { owner, rigs: all, preprovisioned, leased }, notMade, task);
    // Last: while they are there, others know that the namespaces are in use.
    await leases.remove();
  } finally {
    leases.stop();
  }
}
