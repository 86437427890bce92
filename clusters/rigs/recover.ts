import type { ClusterDescription } from '../cluster.ts';
import { ApiRefusal, unlessForbidden } from '../kubernetes/api-error.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { given } from '../kubernetes/given.ts';
import { nameOf, refOf, type LiveObject } from '../kubernetes/live-object.ts';
import type { ListOptions } from '../kubernetes/object-api.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { adapterOf } from '../meshes.ts';
import { settled } from '../settled.ts';
import type { Work } from '../work.ts';
import { entriesOf, isEmpty } from './journal-entries.ts';
import { Journal } from './journal.ts';
import { judgeLease, leaseRef, RigLeases, type LeaseObject } from './lease.ts';
import { isOurs, liveOf, removeOurs } from './ownership.ts';
import { isForChecks, neighbourOf, OWNER_LABEL, RIG_LABEL } from './rig.ts';

/** A namespace goes when all that is in it has gone. */
const GOING_MS = 90_000;

const CLUSTER_WIDE: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
];

/** A rig with its journal, read just now, and the cluster for which it was made. */
export interface Journalled {
  journal: Journal;
  rig: string;
  owner: string;
}

/**
 * Takes back what the journal of a rig names, and empties it. What others have made or taken over meanwhile stays.
 * @returns the names of what was removed
 * @throws MeshproofError or ApiRefusal when something could not be taken back; the journal then still names it
 */
export async function replay(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { journal, rig, owner }: Journalled,
  work: Work = {},
): Promise<string[]> {
  if (journal.isEmpty) return [];
  const { objects, installations } = journal.entries;
  // A journal is an annotation, which others may write: nothing is removed on its word alone.
  const ours = installations.filter(({ metadata }) => isForChecks(metadata.namespace ?? '', rig));
  await settled(
    ours.map(async (document) => {
      const home = await api.find({ apiVersion: 'v1', kind: 'Namespace', name: document.metadata.namespace ?? '' }, work.signal);
      if (home === undefined || isOurs(home, owner)) await mesh.revisions?.uninstall(document);
    }),
  );
  const there = await liveOf(api, objects, work.signal);
  const namespaces = there.filter(({ kind, metadata }) => kind === 'Namespace' && isForChecks(metadata.name, rig));
  const others = there.filter(({ kind }) => kind !== 'Namespace');
  const waiting = { ...work, timeoutMs: GOING_MS, owner };
  const removed = [...(await removeOurs(api, others, waiting)), ...(await removeOurs(api, namespaces, waiting))];
  await journal.clear();
  return [...ours.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`), ...removed.map(label)];
}

const label = (live: LiveObject): string => nameOf(refOf(live));

/** As `replay`, and returns when the proxies of the rig and of its neighbour no longer act on any of it. */
export async function recover(api: KubernetesApi, mesh: MeshAdapter, of: Journalled, work: Work = {}): Promise<string[]> {
  const { objects } = of.journal.entries;
  const back = await replay(api, mesh, of, work);
  if (back.length === 0) return back;
  const manifests = objects.map(({ apiVersion, kind, name, namespace }) => ({
    apiVersion,
    kind,
    metadata: { name, ...given({ namespace }) },
  }));
  for (const namespace of [of.rig, neighbourOf(of.rig)]) {
    await mesh.converge({ objects: manifests, after: 'removed', namespace, ...given({ signal: work.signal }) });
  }
  return back;
}

/** Which of a cluster's rigs are to be looked after, and for whom. */
type Tended = Pick<ClusterDescription, 'name' | 'kubeconfig' | 'context' | 'mesh' | 'rigs'> & Partial<Pick<ClusterDescription, 'kept'>>;

/**
 * Takes back what checks of no living process have left in a cluster: what their rigs' journals name, what else carries the cluster's name
 * in the mesh's root namespace or cluster-wide, and an injector that is cut off. Call it only while no check runs there.
 * @returns the names of what was taken back
 */
export async function recoverCluster({ name, kubeconfig, context, mesh, rigs, kept = [] }: Tended, work: Work = {}): Promise<string[]> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const adapter = await adapterOf({ mesh, kubeconfig, context }, api);
    return await recoverRigs(api, adapter, { owner: name, rigs, kept }, work);
  } finally {
    api.close();
  }
}

/** As `recoverCluster`, while the leases of its rigs are ours. @throws MeshproofError `RIG_IN_USE` when a living process has one of them */
export async function recoverIdle(cluster: Tended, work: Work = {}): Promise<string[]> {
  const api = await KubernetesApi.open({ kubeconfig: cluster.kubeconfig, context: cluster.context });
  try {
    const leases = await RigLeases.take(api, cluster.rigs, cluster.name, work);
    try {
      return await recoverCluster(cluster, work);
    } finally {
      await leases.release();
    }
  } finally {
    api.close();
  }
}

/** The rigs of a cluster on which a check has left something, and which no living process holds. */
export async function unfinishedRigs({ kubeconfig, context, rigs, kept = [] }: Tended, work: Work = {}): Promise<string[]> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const judged = await Promise.all(
      rigs.filter((rig) => !kept.includes(rig)).map(async (rig) => ({ rig, ...(await judgeLease(api, rig, work)) })),
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
  work: Work = {},
): Promise<string[]> {
  const back: string[] = [];
  // What is mesh-wide comes first, and nothing that fails keeps the rest from being taken back.
  const parts: (() => Promise<string[]>)[] = [
    async () => {
      const left = (await strayObjects(api, mesh, work, owner)).filter(
        ({ metadata }) => !kept.includes(metadata.labels?.[RIG_LABEL] ?? ''),
      );
      return (await removeOurs(api, left, { ...work, owner })).map(label);
    },
    async () => {
      await mesh.injector.mend(owner).catch(unlessForbidden);
      return [];
    },
    ...rigs
      .filter((one) => !kept.includes(one))
      .map((rig) => async () => {
        // A rig that was never made, or is half made, has no lease: nothing was journalled.
        if ((await api.find<LeaseObject>(leaseRef(rig), work.signal)) === undefined) return [];
        return await replay(api, mesh, { journal: await Journal.open(api, rig, owner), rig, owner }, work);
      }),
  ];
  const failures: unknown[] = [];
  for (const part of parts)
    await part().then(
      (names) => back.push(...names),
      (error: unknown) => failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
  return back;
}

/** Something of ours outside of the rigs' namespaces, or an injector that is cut off. */
export interface Stray {
  name: string;
  owner: string;
  /** Whose check has made it; undefined where it does not say. */
  rig: string | undefined;
}

/** What checks have left in the mesh's root namespace and cluster-wide, for all owners: a journal may have gone with its rig. */
export async function strays(api: KubernetesApi, mesh: MeshAdapter, work: Work): Promise<Stray[]> {
  const [objects, cuts] = await Promise.all([strayObjects(api, mesh, work), mesh.injector.cuts().catch(unlessForbidden)]);
  const stray = (live: LiveObject): Stray => {
    const { labels = {} } = live.metadata;
    return { name: label(live), owner: labels[OWNER_LABEL] ?? '', rig: labels[RIG_LABEL] };
  };
  return [...objects.filter((live) => isOurs(live)).map(stray), ...(cuts ?? [])];
}

async function strayObjects(api: KubernetesApi, mesh: MeshAdapter, { signal }: Work, owner?: string): Promise<LiveObject[]> {
  const labelSelector = owner === undefined ? OWNER_LABEL : `${OWNER_LABEL}=${owner}`;
  const places = [
    ...mesh.facts.schemas().newest.map((kind) => ({ kind, where: { namespace: mesh.facts.controlPlaneNamespace } })),
    ...CLUSTER_WIDE.map((kind) => ({ kind, where: {} })),
  ];
  const lists = await Promise.all(places.map(({ kind, where }) => listed(api, kind, { ...where, labelSelector, ...given({ signal }) })));
  return lists.flat();
}

/** Objects of a kind; none where the account may not list it, since then it cannot have made any, and where it is not served. */
export async function listed(
  api: KubernetesApi,
  [apiVersion, kind]: readonly [apiVersion: string, kind: string],
  options: ListOptions,
): Promise<LiveObject[]> {
  try {
    return await api.list(apiVersion, kind, options);
  } catch (error) {
    if (error instanceof ApiRefusal && (error.status === 403 || error.status === 404)) return [];
    throw error;
  }
}
