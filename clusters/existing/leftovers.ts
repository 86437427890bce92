import type { Leftover } from '../engine/leftover.ts';
import { causeOf } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { given } from '../kubernetes/given.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { clearNamespaces } from '../rigs/clear.ts';
import { entriesOf, isEmpty } from '../rigs/journal-entries.ts';
import { judgeLease, RigLeases, stays, type Holding, type LeaseObject } from '../rigs/lease.ts';
import { isOurs } from '../rigs/ownership.ts';
import { listed, recoverRigs, strays } from '../rigs/recover.ts';
import { isForChecks, OWNER_LABEL } from '../rigs/rig.ts';
import type { Work } from '../work.ts';
import { namespacesOf, PREMADE, rigNames } from './namespaces.ts';

/** More lent rigs than this nobody has. */
const MOST_LENT = 64;

/** A rig that somebody's run made in the cluster, wherever that ran. */
interface Found {
  rig: string;
  owner: string;
  /** Whether its namespaces are the cluster owner's, and stay. */
  lent: boolean;
  holding: Holding;
  lease: LeaseObject | undefined;
  /** Whether samples or anything else of ours stands there. */
  occupied: boolean;
}

export interface LeftThereOptions {
  /** Prefix of namespaces that the cluster's owner lent; default `meshproof`. */
  namespaces?: string;
  /** Also what was made to stay and is not in use. */
  all?: boolean;
  /** Is told what stays, and why. */
  spare: (what: string, why: string) => void;
}

/**
 * Finds what runs have left in a cluster that somebody else owns, from the labels, leases and journals there: no file of the machine on which they ran
 * is needed. What a living process holds is left alone; whether one on another machine lives takes 20 s to see.
 */
export async function leftThere(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { namespaces = PREMADE, all = false, spare }: LeftThereOptions,
  work: Work,
): Promise<Leftover[]> {
  const own = await ownRigs(api, work);
  const lent = (await lentRigs(api, namespaces, spare, work)).filter((rig) => !own.has(rig));
  const found = await Promise.all([
    ...[...own].map(([rig, owner]) => look(api, { rig, owner, lent: false }, work)),
    ...lent.map((rig) => look(api, { rig, owner: '', lent: true }, work)),
  ]);
  const used = new Set(found.filter(isUsed).map(({ owner }) => owner));
  const leftovers: Leftover[] = [];
  for (const one of found.filter(({ occupied }) => occupied)) {
    const { rig, owner, lease } = one;
    if (isUsed(one)) spare(rig, `${lease?.spec?.holderIdentity ?? 'a run'} uses it now`);
    else if (used.has(owner)) spare(rig, `a run of ${owner} is under way`);
    else if (all) leftovers.push({ what: `${rig}, made for ${owner}`, remove: () => remove(api, mesh, one, work) });
    else if (lease === undefined)
      spare(rig, 'it has no lease: a run begins or was killed as it began, or it is another version’s; --all removes it');
    else if (!stays(lease)) leftovers.push({ what: `${rig}, made for ${owner}`, remove: () => remove(api, mesh, one, work) });
    else {
      spare(rig, 'it was made to stay; --all removes it');
      if (!isEmpty(entriesOf(lease))) leftovers.push({ what: `what a check left on ${rig}`, remove: () => takeBack(api, mesh, one, work) });
    }
  }
  const accounted = new Set(found.map(({ owner }) => owner));
  const others = (await strays(api, mesh, work)).filter(({ owner }) => !accounted.has(owner));
  for (const [owner, left] of Map.groupBy(others, (stray) => stray.owner)) {
    const what = `${left.map(({ name }) => name).join(', ')}, made for ${owner}`;
    const used = await usedElsewhere(api, new Set(left.map(({ rig }) => rig)), work);
    if (used !== undefined) spare(what, used);
    else leftovers.push({ what, remove: async () => void (await recoverRigs(api, mesh, { owner, rigs: [] }, work)) });
  }
  return leftovers;
}

const isUsed = ({ holding }: Found): boolean => holding === 'alive' || holding === 'ours';

/** Why what these rigs' checks have made is not left over, as far as can be seen; undefined where it is. */
async function usedElsewhere(api: KubernetesApi, rigs: ReadonlySet<string | undefined>, work: Work): Promise<string | undefined> {
  for (const rig of rigs) {
    if (rig === undefined) return 'it does not say of which rig it is';
    try {
      const { holding, lease } = await judgeLease(api, rig, work);
      if (holding === 'alive' || holding === 'ours') return `${lease?.spec?.holderIdentity ?? 'a run'} uses ${rig} now`;
    } catch (error) {
      return `whether ${rig} is in use cannot be seen: ${causeOf(error)}`;
    }
  }
  return undefined;
}

/** Rigs in namespaces that runs have made, with the names of their clusters. */
async function ownRigs(api: KubernetesApi, { signal }: Work): Promise<Map<string, string>> {
  const namespaces = await listed(api, ['v1', 'Namespace'], { labelSelector: OWNER_LABEL, ...given({ signal }) });
  const rigs = namespaces.filter((live) => isOurs(live) && /-rig-\d+$/.test(live.metadata.name));
  return new Map(rigs.map(({ metadata }) => [metadata.name, metadata.labels?.[OWNER_LABEL] ?? '']));
}

/** Rigs in namespaces that the cluster's owner has made, as far as they are there. */
async function lentRigs(api: KubernetesApi, prefix: string, spare: LeftThereOptions['spare'], { signal }: Work): Promise<string[]> {
  const found: string[] = [];
  for (const rig of rigNames(prefix, MOST_LENT)) {
    try {
      if ((await api.get({ apiVersion: 'v1', kind: 'Namespace', name: rig }, signal)) === undefined) break;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
      // An account that may read its namespaces alone is refused the first one that was never made, too.
      spare(rig, `if it is there, this account may not see it: ${error.message}`);
      break;
    }
    found.push(rig);
  }
  return found;
}

async function look(api: KubernetesApi, { rig, owner, lent }: Pick<Found, 'rig' | 'owner' | 'lent'>, work: Work): Promise<Found> {
  const { holding, lease } = await judgeLease(api, rig, work);
  const deployments = await listed(api, ['apps/v1', 'Deployment'], { namespace: rig, ...given({ signal: work.signal }) });
  const ours = deployments.filter((live) => isOurs(live));
  const whose = owner || (lease?.metadata.labels?.[OWNER_LABEL] ?? ours[0]?.metadata.labels?.[OWNER_LABEL] ?? '');
  return { rig, owner: whose, lent, holding, lease, occupied: !lent || lease !== undefined || ours.length > 0 };
}

/** Takes the rig, so that no run begins on it meanwhile, and takes back what its journal names. */
async function takeBack(api: KubernetesApi, mesh: MeshAdapter, { rig, owner }: Found, work: Work): Promise<void> {
  const leases = await RigLeases.take(api, [rig], owner, work);
  try {
    await recoverRigs(api, mesh, { owner, rigs: [rig] }, work);
  } finally {
    await leases.release();
  }
}

/** Takes the rig, so that no run begins on it meanwhile, and removes what is ours. */
async function remove(api: KubernetesApi, mesh: MeshAdapter, { rig, owner, lent }: Found, work: Work): Promise<void> {
  const leases = await RigLeases.take(api, [rig], owner, work);
  try {
    await recoverRigs(api, mesh, { owner, rigs: [rig] }, work);
    const waiting = { ...work, timeoutMs: 180_000 };
    // The lease is ours, so nobody else's run has anything there.
    if (lent) await clearNamespaces(api, mesh, namespacesOf(rig), waiting);
    await api.remove(await ownNamespaces(api, rig, work), waiting);
    if (lent) await leases.remove();
  } finally {
    leases.stop();
  }
}

/** The namespaces of a rig that runs have made, and those that its checks have. */
async function ownNamespaces(api: KubernetesApi, rig: string, { signal }: Work): Promise<LiveObject[]> {
  const namespaces = await listed(api, ['v1', 'Namespace'], { labelSelector: OWNER_LABEL, ...given({ signal }) });
  return namespaces.filter(
    (live) => isOurs(live) && (namespacesOf(rig).includes(live.metadata.name) || isForChecks(live.metadata.name, rig)),
  );
}
