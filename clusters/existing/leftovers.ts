import type { Leftover } from '../engine/leftover.ts';
import { MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import { entriesOf, isEmpty } from '../rigs/journal-entries.ts';
import { isHeld, judgeLease, leaseOf, ownerOf, stays, type Holding, type LeaseObject } from '../rigs/lease.ts';
import { RigLeases } from '../rigs/leases.ts';
import { listed, type Unseen } from '../rigs/listed.ts';
import { ownRigs, type OwnRig } from '../rigs/own-namespaces.ts';
import { isMadeFor, isOurs, makerOf, requireAllBack } from '../rigs/ownership.ts';
import { recoverRigs } from '../rigs/recover.ts';
import { OWNER_LABEL } from '../rigs/rig.ts';
import { inUse, strays, type Stray } from '../rigs/strays.ts';
import type { TaskContext } from '../task-context.ts';
import { PREPROVISIONED_PREFIX, rigNames } from './namespaces.ts';
import { removeRigs } from './remove.ts';

/** Nobody has more preprovisioned rigs than this. */
const MOST_PREPROVISIONED = 64;

/** A rig that some run created in the cluster, on any machine. */
interface Found {
  rig: string;
  owner: string;
  /** Whether its namespaces belong to the cluster's owner, and are kept. */
  preprovisioned: boolean;
  /** Whether its first namespace exists, which would contain its lease: a removal may have been interrupted. */
  hasHome: boolean;
  holding: Holding;
  lease: LeaseObject | undefined;
  /** Whether it contains samples or other objects of meshproof. */
  occupied: boolean;
}

export interface LeftThereOptions {
  /** Prefix of preprovisioned namespaces; default `meshproof`. */
  namespaces?: string;
  /** Also includes what is kept on purpose and not in use. */
  all?: boolean;
  /** Called with what is kept, and why. */
  spare: (what: string, why: string) => void;
}

/**
 * Finds what runs have left on an existing cluster, by the labels, leases and journals there, without any file of the machine on which they
 * ran. What a living process holds is left alone; whether a process on another machine is alive takes 20 s to determine.
 */
export async function leftThere(
  api: KubernetesApi,
  mesh: MeshAdapter,
  { namespaces = PREPROVISIONED_PREFIX, all = false, spare }: LeftThereOptions,
  task: TaskContext,
): Promise<Leftover[]> {
  const hidden = new Set<string>();
  const unseen: Unseen = (what) => void hidden.add(what);
  const own = (await ownRigs(api, { unseen }, task)).filter(({ rig, namespaces }) => {
    const [foreign] = namespaces.some((live) => isOurs(live)) ? [] : namespaces;
    if (foreign !== undefined) spare(rig, makerOf(foreign));
    return foreign === undefined;
  });
  const preprovisioned = (await preprovisionedRigs(api, namespaces, spare, task)).filter((name) => !own.some(({ rig }) => rig === name));
  const found = await Promise.all([
    ...own.map((one) => lookAtOwn(api, one, task)),
    ...preprovisioned.map((rig) => inspectPreprovisioned(api, rig, unseen, task)),
  ]);
  const used = new Set(found.filter(isUsed).map(({ owner }) => owner));
  const hide: Unseen = (what) => spare(`${what}, if any`, NOT_LISTED);
  const leftovers: Leftover[] = [];
  for (const one of found.filter(({ occupied }) => occupied)) {
    const { rig, owner, lease } = one;
    if (isUsed(one)) spare(rig, `${lease?.spec?.holderIdentity ?? 'a run'} is using it`);
    else if (used.has(owner)) spare(rig, `a run of ${owner} is in progress`);
    else if (all) leftovers.push({ what: `${rig}, created for ${owner}`, remove: () => remove(api, mesh, one, hide, task) });
    else if (lease === undefined)
      spare(rig, 'it has no lease: a run is starting or was killed while starting, or another version created it; --all removes it');
    else if (!stays(lease)) leftovers.push({ what: `${rig}, created for ${owner}`, remove: () => remove(api, mesh, one, hide, task) });
    else {
      spare(rig, 'it was kept on purpose; --all removes it');
      if (!isEmpty(entriesOf(lease)))
        leftovers.push({ what: `leftovers of a check on ${rig}`, remove: () => revertJournal(api, mesh, one, task) });
    }
  }
  const accounted = new Set(found.map(({ owner }) => owner));
  const others = (await strays(api, mesh, unseen, task)).filter(({ owner }) => !accounted.has(owner));
  for (const [owner, left] of Map.groupBy(others, (stray) => stray.owner)) {
    const what = `${left.map(({ name }) => name).join(', ')}, created for ${owner}`;
    const why = await firstUse(api, left, task);
    if (why !== undefined) spare(what, why);
    else leftovers.push({ what, remove: async () => requireAllBack(await recoverRigs(api, mesh, { owner, rigs: [] }, task)) });
  }
  if (hidden.size > 0) spare(`${[...hidden].join(', ')}, if any`, NOT_LISTED);
  return leftovers;
}

const NOT_LISTED = 'this account may not list it';

const isUsed = ({ holding }: Found): boolean => isHeld(holding);

async function firstUse(api: KubernetesApi, left: readonly Stray[], task: TaskContext): Promise<string | undefined> {
  for (const stray of new Map(left.map((one) => [one.rig, one])).values()) {
    const why = await inUse(api, stray, task);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** The existing rigs in preprovisioned namespaces. */
async function preprovisionedRigs(
  api: KubernetesApi,
  prefix: string,
  spare: LeftThereOptions['spare'],
  { signal }: TaskContext,
): Promise<string[]> {
  const found: string[] = [];
  for (const rig of rigNames(prefix, MOST_PREPROVISIONED)) {
    try {
      if ((await api.get({ apiVersion: 'v1', kind: 'Namespace', name: rig }, signal)) === undefined) break;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.status !== 403) throw error;
      // An account that may read only its own namespaces is also refused for one that never existed.
      spare(rig, `if it exists, this account may not see it: ${error.message}`);
      break;
    }
    found.push(rig);
  }
  return found;
}

async function lookAtOwn(api: KubernetesApi, { rig, owner, namespaces }: OwnRig, task: TaskContext): Promise<Found> {
  const hasHome = namespaces.some(({ metadata }) => metadata.name === rig);
  return { rig, owner, preprovisioned: false, hasHome, occupied: true, ...(await judgeLease(api, rig, task)) };
}

async function inspectPreprovisioned(api: KubernetesApi, rig: string, unseen: Unseen, task: TaskContext): Promise<Found> {
  const { holding, lease } = await judgeLease(api, rig, task);
  const deployments = await listed(api, ['apps/v1', 'Deployment'], { namespace: rig, ...omitUndefined({ signal: task.signal }) }, unseen);
  const [ours] = deployments.filter((live) => isMadeFor(live));
  // The samples show the owner of a rig; the lease may be that of a run that failed to start.
  const owner = (ours ?? lease)?.metadata.labels?.[OWNER_LABEL] ?? '';
  return { rig, owner, preprovisioned: true, hasHome: true, holding, lease, occupied: lease !== undefined || ours !== undefined };
}

/** Reverts what the journal of a rig names. */
async function revertJournal(api: KubernetesApi, mesh: MeshAdapter, found: Found, task: TaskContext): Promise<void> {
  const { rig, owner } = found;
  await whileHeld(api, found, task, async () => requireAllBack(await recoverRigs(api, mesh, { owner, rigs: [rig] }, task)));
}

/** Removes meshproof's objects of a rig. */
async function remove(api: KubernetesApi, mesh: MeshAdapter, found: Found, unseen: Unseen, task: TaskContext): Promise<void> {
  const { rig, owner, preprovisioned, lease } = found;
  // The lease of a run that failed to start has nothing of this owner in its journal.
  const leased = lease === undefined || ownerOf(lease) === owner ? [rig] : [];
  await whileHeld(api, found, task, async (leases) => {
    await removeRigs(api, mesh, { owner, rigs: [rig], preprovisioned, leased }, unseen, task);
    await leases?.remove();
  });
}

/**
 * Acts while this process holds the rig's lease, so that no run starts on it meanwhile.
 * @throws MeshproofError `RIG_IN_USE` if the rig is no longer in the state in which it was found: it may have been deployed again, to be
 * kept
 */
async function whileHeld(
  api: KubernetesApi,
  { rig, owner, hasHome, lease: before }: Found,
  task: TaskContext,
  act: (leases: RigLeases | undefined) => Promise<void>,
): Promise<void> {
  if (!hasHome) return await act(undefined);
  const leases = await RigLeases.take(api, [rig], owner, task);
  try {
    const now = await leaseOf(api, rig, owner, task.signal);
    const isSame = before === undefined || (before.metadata.uid === now.metadata.uid && ownerOf(before) === ownerOf(now));
    if (!isSame || stays(now) !== (before !== undefined && stays(before))) {
      throw new MeshproofError('RIG_IN_USE', `${rig} has been taken over by another process in the meantime`, { hint: 'sweep again' });
    }
    await act(leases);
  } finally {
    await leases.release();
  }
}
