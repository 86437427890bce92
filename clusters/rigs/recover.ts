import type { ClusterDescription } from '../cluster.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import { nameOf, refOf } from '../kubernetes/live-object.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { adapterOf } from '../meshes.ts';
import type { TaskContext } from '../task-context.ts';
import { entriesOf, isEmpty } from './journal-entries.ts';
import { Journal } from './journal.ts';
import { judgeLease, leaseRef, type LeaseObject } from './lease.ts';
import { RigLeases } from './leases.ts';
import { liveOf, nameWithMaker, removeOurs, type TakenBack } from './ownership.ts';
import { isForChecks, neighbourOf } from './rig.ts';
import { revertStrays } from './strays.ts';

/** A namespace is gone only after all of its content. */
const GOING_MS = 90_000;

/** A rig with its journal, just read, and the cluster that it was created for. */
export interface Journalled {
  journal: Journal;
  rig: string;
  owner: string;
}

const NOTHING_REVERTED: TakenBack = { back: [], left: [] };

/**
 * Reverts what the journal of a rig names, and empties the journal. Keeps what others created or took over in the meantime.
 * @throws MeshproofError or ApiRefusal if something could not be reverted, `NOT_OURS` if an installation is in a namespace that belongs to
 * others now; the journal still names it then
 */
export async function replay(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { journal, rig, owner }: Journalled,
  task: TaskContext = {},
): Promise<TakenBack> {
  if (journal.isEmpty) return NOTHING_REVERTED;
  const { objects, installations } = journal.entries;
  // A journal is an annotation, which others can write, so it alone does not justify a removal.
  const ours = installations.filter(({ metadata }) => isForChecks(metadata.namespace ?? '', rig));
  const uninstalled = await Promise.allSettled(ours.map(async (document) => mesh.revisions?.uninstall(document, owner)));
  const there = await liveOf(api, objects, task.signal);
  const namespaces = there.filter(({ kind, metadata }) => kind === 'Namespace' && isForChecks(metadata.name, rig));
  const others = there.filter(({ kind }) => kind !== 'Namespace');
  const waiting = { ...task, timeoutMs: GOING_MS, owner };
  const removals = [await removeOurs(api, others, waiting), await removeOurs(api, namespaces, waiting)];
  for (const one of uninstalled) if (one.status === 'rejected') throw one.reason;
  await journal.clear();
  return {
    back: [
      ...ours.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
      ...removals.flatMap(({ removed }) => removed.map((live) => nameOf(refOf(live)))),
    ],
    left: removals.flatMap(({ shared }) => shared.map(nameWithMaker)),
  };
}

/** Like `replay`, but returns only when the proxies of the rig and of its neighbour no longer apply any of it. */
export async function recover(api: KubernetesApi, mesh: MeshAdapter, of: Journalled, task: TaskContext = {}): Promise<TakenBack> {
  const { objects } = of.journal.entries;
  const taken = await replay(api, mesh, of, task);
  if (taken.back.length === 0) return taken;
  const manifests = objects.map(({ apiVersion, kind, name, namespace }) => ({
    apiVersion,
    kind,
    metadata: { name, ...omitUndefined({ namespace }) },
  }));
  for (const namespace of [of.rig, neighbourOf(of.rig)]) {
    await mesh.converge({ objects: manifests, after: 'removed', namespace, ...omitUndefined({ signal: task.signal }) });
  }
  return taken;
}

/** The rigs of a cluster to recover, and their owner. */
type Tended = Pick<ClusterDescription, 'name' | 'kubeconfig' | 'context' | 'mesh' | 'rigs'> &
  Partial<Pick<ClusterDescription, 'kept' | 'revision'>>;

/**
 * Reverts what checks of ended processes left in a cluster: what their rigs' journals name, everything else with the cluster's name in the
 * mesh's root namespace or cluster-wide, and a disabled injector. Call it only while no check is running there.
 */
export async function recoverCluster(
  { name, kubeconfig, context, mesh, revision, rigs, kept = [] }: Tended,
  task: TaskContext = {},
): Promise<TakenBack> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const adapter = await adapterOf({ mesh, kubeconfig, context, ...omitUndefined({ revision }) }, api);
    return await recoverRigs(api, adapter, { owner: name, rigs, kept }, task);
  } finally {
    api.close();
  }
}

/**
 * Like `recoverCluster`, but takes the leases of its rigs first. @throws MeshproofError `RIG_IN_USE` if a living process holds one of them
 */
export async function recoverIdle(cluster: Tended, task: TaskContext = {}): Promise<TakenBack> {
  const api = await KubernetesApi.open({ kubeconfig: cluster.kubeconfig, context: cluster.context });
  try {
    const leases = await RigLeases.take(api, cluster.rigs, cluster.name, task);
    try {
      return await recoverCluster(cluster, task);
    } finally {
      await leases.release();
    }
  } finally {
    api.close();
  }
}

/** The rigs of a cluster on which a check left something, and which no living process holds. */
export async function unfinishedRigs({ kubeconfig, context, rigs, kept = [] }: Tended, task: TaskContext = {}): Promise<string[]> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const judged = await Promise.all(
      rigs.filter((rig) => !kept.includes(rig)).map(async (rig) => ({ rig, ...(await judgeLease(api, rig, task)) })),
    );
    const free = judged.filter(({ holding }) => holding === 'free' || holding === 'dead');
    return free.flatMap(({ rig, lease }) => (lease === undefined || isEmpty(entriesOf(lease)) ? [] : [rig]));
  } finally {
    api.close();
  }
}

/** Like `recoverCluster`, over existing connections. */
export async function recoverRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, kept = [] }: { owner: string; rigs: readonly string[]; kept?: readonly string[] },
  task: TaskContext = {},
): Promise<TakenBack> {
  // Mesh-wide changes are reverted first. A failure does not prevent the remaining parts.
  const parts: (() => Promise<TakenBack>)[] = [
    () => revertStrays(api, mesh, { owner, rigs, kept }, task),
    ...rigs
      .filter((one) => !kept.includes(one))
      .map((rig) => async () => {
        // A rig without a lease was not deployed completely, so nothing was journalled.
        if ((await api.find<LeaseObject>(leaseRef(rig), task.signal)) === undefined) return NOTHING_REVERTED;
        return await replay(api, mesh, { journal: await Journal.open(api, rig, { owner }), rig, owner }, task);
      }),
  ];
  const all: TakenBack[] = [];
  const failures: unknown[] = [];
  for (const part of parts)
    await part().then(
      (some) => all.push(some),
      (error: unknown) => failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
  return { back: all.flatMap(({ back }) => back), left: all.flatMap(({ left }) => left) };
}
