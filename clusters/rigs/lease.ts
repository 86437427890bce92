import { isDeepStrictEqual } from 'node:util';

import { identify, identityIn, lifeOf, type ProcessIdentity } from '../engine/processes.ts';
import { MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';
import { OWNER_LABEL } from './rig.ts';

/** Of the one Lease of a rig, in the rig's own namespace. It says who has the rig now, and keeps the journal. */
export const LEASE_NAME = 'meshproof';
const KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
/** The process that holds the lease, as its own machine tells it apart from others. */
export const HOLDER = 'meshproof.dev/holder';
/** On the lease of a rig that outlives the process that made it. */
export const STAYS = 'meshproof.dev/stays';
/** A holder that has not renewed for so long is dead to everybody who cannot see its process. */
export const DURATION_S = 20;

export interface LeaseObject extends LiveObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}

/** `free`: nobody has it. `unsure`: its holder is on another machine, so whether it lives shows only over time. */
export type Holding = 'free' | 'ours' | 'alive' | 'dead' | 'unsure';

/** For which cluster the rig was last taken. */
export const ownerOf = ({ metadata }: LeaseObject): string | undefined => metadata.labels?.[OWNER_LABEL];

/** Whether a living process has it. */
export const isHeld = (holding: Holding): boolean => holding === 'alive' || holding === 'ours';

export const leaseRef = (rig: string) => ({ ...KIND, namespace: rig, name: LEASE_NAME });

/** The lease of a rig; it is made where there is none. */
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

/** Who holds a lease, as far as one look tells. */
export async function holdingOf({ metadata, spec }: LeaseObject): Promise<Holding> {
  if (spec?.holderIdentity === undefined || spec.holderIdentity === '') return 'free';
  const holder = holderOf({ metadata });
  const self = await identify(process.pid);
  if (holder !== undefined && isDeepStrictEqual(holder, self)) return 'ours';
  const life = await lifeOf(holder);
  return life === 'unknown' ? 'unsure' : life;
}

/** The process that holds a lease, as its record says; undefined where there is none that can be read. */
export function holderOf({ metadata }: Pick<LeaseObject, 'metadata'>): ProcessIdentity | undefined {
  try {
    return identityIn(JSON.parse(metadata.annotations?.[HOLDER] ?? ''));
  } catch {
    return undefined;
  }
}

/** A lease with what is known of its holder; without a lease nobody holds it. */
interface Judged {
  holding: Holding;
  lease: LeaseObject | undefined;
}

/**
 * Who holds the lease of a rig, after looking for as long as a holder may stay silent where one look does not tell.
 * Times are not compared with the clock of this machine: a holder lives when its lease changes while we look.
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
    // Only where the last look was answered is silence the holder's.
    if (error instanceof MeshproofError && error.code === 'TIMED_OUT' && error.cause === undefined) return { ...last, holding: 'dead' };
    throw error;
  });
}

/** Whether the rig was made to stay: a process that dies with its lease has only borrowed it. */
export const stays = ({ metadata }: LeaseObject): boolean => metadata.annotations?.[STAYS] !== undefined;

/** Gives a rig that is made anew the lease of the one in whose place it stands, with its holder and whether it stays. */
export async function copyLease(api: ObjectApi, from: LeaseObject | undefined, rig: string, owner: string): Promise<void> {
  const { resourceVersion } = (await leaseOf(api, rig, owner)).metadata;
  const { annotations = {} } = from?.metadata ?? {};
  const kept = Object.fromEntries([HOLDER, STAYS].flatMap((name) => (annotations[name] === undefined ? [] : [[name, annotations[name]]])));
  await api.patch(leaseRef(rig), { metadata: { resourceVersion, annotations: kept }, spec: from?.spec ?? {} });
}
