import { isDeepStrictEqual } from 'node:util';

import { identify, identityIn, lifeOf, type ProcessIdentity } from '../engine/processes.ts';
import { MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { repeatedly } from '../repeatedly.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';
import { OWNER_LABEL } from './rig.ts';

/** Name of the Lease of a rig, in the rig's namespace. It records who holds the rig, and contains the journal. */
export const LEASE_NAME = 'meshproof';
const KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
/** Identifies the process that holds the lease unambiguously on its own machine. */
export const HOLDER = 'meshproof.dev/holder';
/** Marks the lease of a rig that outlives the process that created it. */
export const STAYS = 'meshproof.dev/stays';
/** After this many seconds without renewal, a holder whose process cannot be inspected counts as dead. */
export const DURATION_S = 20;

export interface LeaseObject extends LiveObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}

/** `free`: not held. `unsure`: the holder is on another machine, so only time shows whether it is alive. */
export type Holding = 'free' | 'ours' | 'alive' | 'dead' | 'unsure';

/** The cluster that last claimed the rig. */
export const ownerOf = ({ metadata }: LeaseObject): string | undefined => metadata.labels?.[OWNER_LABEL];

/** Whether a living process holds it. */
export const isHeld = (holding: Holding): boolean => holding === 'alive' || holding === 'ours';

export const leaseRef = (rig: string) => ({ ...KIND, namespace: rig, name: LEASE_NAME });

/** Reads the lease of a rig, or creates it if there is none. */
export async function leaseOf(api: ObjectApi, rig: string, owner: string, signal?: AbortSignal): Promise<LeaseObject> {
  const found = await api.get<LeaseObject>(leaseRef(rig), signal);
  if (found !== undefined) return found;
  try {
    const metadata = { name: LEASE_NAME, namespace: rig, labels: { [OWNER_LABEL]: owner } };
    return await api.create<LeaseObject>({ ...KIND, metadata, spec: {} }, signal);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    return await leaseOf(api, rig, owner, signal);
  }
}

/** Determines from a single read who holds a lease. */
export async function holdingOf({ metadata, spec }: LeaseObject): Promise<Holding> {
  if (spec?.holderIdentity === undefined || spec.holderIdentity === '') return 'free';
  const holder = holderOf({ metadata });
  const self = await identify(process.pid);
  if (holder !== undefined && isDeepStrictEqual(holder, self)) return 'ours';
  const life = await lifeOf(holder);
  return life === 'unknown' ? 'unsure' : life;
}

/** The process recorded as the holder of a lease; undefined if the record is missing or unreadable. */
export function holderOf({ metadata }: Pick<LeaseObject, 'metadata'>): ProcessIdentity | undefined {
  try {
    return identityIn(JSON.parse(metadata.annotations?.[HOLDER] ?? ''));
  } catch {
    return undefined;
  }
}

/** A lease and the state of its holder; without a lease nobody holds the rig. */
interface Judged {
  holding: Holding;
  lease: LeaseObject | undefined;
}

/**
 * Determines who holds the lease of a rig. If one read is not enough, watches the lease for its whole duration. Compares no timestamps with
 * the clock of this machine: a holder is alive if its lease changes during that time.
 */
export async function judgeLease(api: ObjectApi, rig: string, { signal, progress }: TaskContext = {}): Promise<Judged> {
  const look = async (): Promise<Judged> => {
    const lease = await api.find<LeaseObject>(leaseRef(rig), signal);
    return { lease, holding: lease === undefined ? 'free' : await holdingOf(lease) };
  };
  const first = await look();
  if (first.holding !== 'unsure') return first;
  const { holderIdentity, renewTime, leaseDurationSeconds = DURATION_S } = first.lease?.spec ?? {};
  progress?.(`waiting up to ${leaseDurationSeconds} s to see whether ${holderIdentity ?? 'the holder'} of ${rig} is still running`);
  let last = first;
  const changed = async (): Promise<Judged | undefined> => {
    last = await look();
    if (last.holding !== 'unsure') return last;
    const { spec } = last.lease ?? {};
    return spec?.renewTime === renewTime && spec?.holderIdentity === holderIdentity ? undefined : { ...last, holding: 'alive' };
  };
  const waiting = { what: 'the lease to be renewed', timeoutMs: leaseDurationSeconds * 1_000, everyMs: 500, ...omitUndefined({ signal }) };
  return await until(changed, waiting).catch((error: unknown): Judged => {
    // The holder is only silent if the last request was answered.
    if (error instanceof MeshproofError && error.code === 'TIMED_OUT' && error.cause === undefined) return { ...last, holding: 'dead' };
    throw error;
  });
}

/** Whether the rig is kept on purpose, so that a process that dies with its lease was only using it. */
export const stays = ({ metadata }: LeaseObject): boolean => metadata.annotations?.[STAYS] !== undefined;

/** Gives the replacement of a rig the same lease: holder and `stays` mark. */
export async function copyLease(api: ObjectApi, from: LeaseObject | undefined, rig: string, owner: string): Promise<void> {
  const { annotations = {} } = from?.metadata ?? {};
  const kept = Object.fromEntries([HOLDER, STAYS].flatMap((name) => (annotations[name] === undefined ? [] : [[name, annotations[name]]])));
  const copy = async (): Promise<void> => {
    const now = await leaseOf(api, rig, owner);
    const { resourceVersion, annotations: current = {} } = now.metadata;
    if (current[HOLDER] !== undefined && current[HOLDER] !== kept[HOLDER])
      throw new MeshproofError('RIG_LOST', `${now.spec?.holderIdentity ?? 'another process'} took ${rig} while it was being replaced`);
    await api.patch(leaseRef(rig), { metadata: { resourceVersion, annotations: kept }, spec: from?.spec ?? {} });
  };
  // The holder's renewal, which recreates a missing lease, may come between reading and writing.
  const isChanged = (error: unknown): boolean => error instanceof ApiRefusal && error.status === 409;
  await repeatedly(copy, isChanged, {}, { attempts: 4, waitMs: 50 });
}
