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
import { takeBackStrays } from './strays.ts';

/** A namespace goes when all that is in it has gone. */
const GOING_MS = 90_000;

/** A rig with its journal, read just now, and the cluster for which it was made. */
export interface Journalled {
  journal: Journal;
  rig: string;
  owner: string;
}

const NOTHING_BACK: TakenBack = { back: [], left: [] };

/**
 * Takes back what the journal of a rig names, and empties it. What others have made or taken over meanwhile stays.
 * @throws MeshproofError or ApiRefusal when something could not be taken back, `NOT_OURS` where an installation stands in a namespace that has
 * become someone else's; the journal then still names it
 */
export async function replay(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { journal, rig, owner }: Journalled,
  task: TaskContext = {},
): Promise<TakenBack> {
  if (journal.isEmpty) return NOTHING_BACK;
  const { objects, installations } = journal.entries;
  // A journal is an annotation, which others may write: nothing is removed on its word alone.
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

/** As `replay`, and returns when the proxies of the rig and of its neighbour no longer act on any of it. */
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

/** Which of a cluster's rigs are to be looked after, and for whom. */
type Tended = Pick<ClusterDescription, 'name' | 'kubeconfig' | 'context' | 'mesh' | 'rigs'> &
  Partial<Pick<ClusterDescription, 'kept' | 'revision'>>;

/**
 * Takes back what checks of no living process have left in a cluster: what their rigs' journals name, what else carries the cluster's name
 * in the mesh's root namespace or cluster-wide, and a disabled injector. Call it only while no check runs there.
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

/** As `recoverCluster`, while the leases of its rigs are ours. @throws MeshproofError `RIG_IN_USE` when a living process has one of them */
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

/** The rigs of a cluster on which a check has left something, and which no living process holds. */
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

/** As `recoverCluster`, over connections that are there. */
export async function recoverRigs(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { owner, rigs, kept = [] }: { owner: string; rigs: readonly string[]; kept?: readonly string[] },
  task: TaskContext = {},
): Promise<TakenBack> {
  // What is mesh-wide comes first, and nothing that fails keeps the rest from being taken back.
  const parts: (() => Promise<TakenBack>)[] = [
    () => takeBackStrays(api, mesh, { owner, rigs, kept }, task),
    ...rigs
      .filter((one) => !kept.includes(one))
      .map((rig) => async () => {
        // A rig that was never made, or is half made, has no lease: nothing was journalled.
        if ((await api.find<LeaseObject>(leaseRef(rig), task.signal)) === undefined) return NOTHING_BACK;
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
