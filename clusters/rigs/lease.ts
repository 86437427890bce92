import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';

import { identify, identityIn, lifeOf, type ProcessIdentity } from '../engine/processes.ts';
import { causeOf, MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { given } from '../kubernetes/given.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { describedIn, descriptionFile } from '../registry/description.ts';
import { settled } from '../settled.ts';
import { until } from '../until.ts';
import type { Work } from '../work.ts';
import { entriesOf, isEmpty } from './journal-entries.ts';
import { OWNER_LABEL } from './rig.ts';

/** Of the one Lease of a rig, in the rig's own namespace. It says who has the rig now, and keeps the journal. */
export const LEASE_NAME = 'meshproof';
const KIND = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
/** The process that holds the lease, as its own machine tells it apart from others. */
export const HOLDER = 'meshproof.dev/holder';
/** On the lease of a rig that outlives the process that made it. */
const STAYS = 'meshproof.dev/stays';
/** A holder that has not renewed for so long is dead to everybody who cannot see its process. */
const DURATION_S = 20;
const RENEW_MS = 5_000;

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

/** As a person reads it; the record beside it tells one process from every other. */
const nameOfHolder = (pid: number): string => `${hostname()}/${pid}`;

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
async function holdingOf({ metadata, spec }: LeaseObject): Promise<Holding> {
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
export async function judgeLease(api: ObjectApi, rig: string, { signal, progress }: Work = {}): Promise<Judged> {
  const look = async (): Promise<Judged> => {
    const lease = await api.find<LeaseObject>(leaseRef(rig), signal);
    return { lease, holding: lease === undefined ? 'free' : await holdingOf(lease) };
  };
  const first = await look();
  if (first.holding !== 'unsure') return first;
  const { holderIdentity, renewTime, leaseDurationSeconds = DURATION_S } = first.lease?.spec ?? {};
  progress?.(`looking for ${leaseDurationSeconds} s whether ${holderIdentity ?? ''}, which has ${rig}, still runs`);
  let last = first;
  const changed = async (): Promise<Judged | undefined> => {
    last = await look();
    if (last.holding !== 'unsure') return last;
    const { spec } = last.lease ?? {};
    return spec?.renewTime === renewTime && spec?.holderIdentity === holderIdentity ? undefined : { ...last, holding: 'alive' };
  };
  const waiting = { what: 'the lease to be renewed', timeoutMs: leaseDurationSeconds * 1_000, everyMs: 500, ...given({ signal }) };
  return await until(changed, waiting).catch((error: unknown): Judged => {
    // Only where the last look was answered is silence the holder's.
    if (error instanceof MeshproofError && error.code === 'TIMED_OUT' && error.cause === undefined) return { ...last, holding: 'dead' };
    throw error;
  });
}

/** The leases of a run's rigs, renewed until they are given back. */
export class RigLeases {
  readonly #api: ObjectApi;
  readonly #rigs: readonly string[];
  readonly #owner: string;
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  private constructor(api: ObjectApi, rigs: readonly string[], owner: string) {
    this.#api = api;
    this.#rigs = rigs;
    this.#owner = owner;
  }

  /**
   * Takes the leases of these rigs, those of dead holders too, and keeps them.
   * @param owner the cluster's name, for leases that are yet to be made
   * @throws MeshproofError `RIG_IN_USE` when a living process has one of them
   */
  static async take(api: ObjectApi, rigs: readonly string[], owner: string, work: Work = {}): Promise<RigLeases> {
    const leases = new RigLeases(api, rigs, owner);
    const taken: string[] = [];
    try {
      for (const rig of rigs) {
        await takeOne(api, rig, owner, work);
        taken.push(rig);
      }
    } catch (error) {
      await Promise.allSettled(taken.map((rig) => release(api, rig)));
      throw error;
    }
    leases.#timer = setInterval(() => void leases.#renew(), RENEW_MS).unref();
    return leases;
  }

  /** Aborts when somebody else took a lease because ours was not renewed in time, e.g. while this machine slept. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async #renew(): Promise<void> {
    const holder = JSON.stringify(await identify(process.pid));
    await Promise.all(this.#rigs.map((rig) => this.#renewOne(rig, holder)));
  }

  async #renewOne(rig: string, holder: string): Promise<void> {
    const operations = [
      { op: 'test', path: '/metadata/annotations/meshproof.dev~1holder', value: holder },
      { op: 'replace', path: '/spec/renewTime', value: microTime() },
    ];
    const signal = AbortSignal.timeout(RENEW_MS);
    const renewal = this.#api.patch(leaseRef(rig), operations, { type: 'json', signal }).catch(async (error: unknown) => {
      if (!(error instanceof ApiRefusal)) return;
      // A rig that is made anew loses its lease with its namespace.
      if (error.status === 404) await takeOne(this.#api, rig, this.#owner, { signal });
      else if (error.status === 409 || error.status === 422) throw error;
    });
    await renewal.catch((error: unknown) => {
      // A server that does not answer says nothing about the lease; the next renewal may reach it.
      const isTaken =
        error instanceof ApiRefusal ? [409, 422].includes(error.status) : error instanceof MeshproofError && error.code === 'RIG_IN_USE';
      if (isTaken) this.#lost.abort(new MeshproofError('RIG_LOST', `another process took ${rig} over: ${causeOf(error)}`));
    });
  }

  /** Writes this cluster's name on the leases. Before it is known that nothing of others stands there, a lease keeps the name of who had it last. */
  async claim(): Promise<void> {
    const labels = { [OWNER_LABEL]: this.#owner };
    await settled(this.#rigs.map((rig) => this.#api.patch(leaseRef(rig), { metadata: { labels } })));
  }

  /** Stops renewing. The leases stay this process's, which may take them again; soon after it has ended they are a dead one's. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Stops renewing, and removes the leases that are still this process's: the rigs are gone. */
  async remove(): Promise<void> {
    this.stop();
    for (const rig of this.#rigs) {
      const live = await this.#api.find<LeaseObject>(leaseRef(rig));
      if (live !== undefined && (await holdingOf(live)) === 'ours') await this.#api.remove([{ ...live, ...KIND }]);
    }
  }

  /** Stops renewing, and lets go of the leases that are still there. */
  async release(): Promise<void> {
    this.stop();
    await releaseRigs(this.#api, this.#rigs);
  }
}

async function takeOne(api: ObjectApi, rig: string, owner: string, work: Work): Promise<void> {
  const judged = await judgeLease(api, rig, work);
  const lease = judged.lease ?? (await leaseOf(api, rig, owner, work.signal));
  if (judged.holding === 'alive') {
    throw new MeshproofError('RIG_IN_USE', `${lease.spec?.holderIdentity ?? 'another run'} uses ${rig} now`, {
      hint: 'wait for that run, or use other namespaces',
    });
  }
  const whose = ownerOf(lease);
  if (whose !== owner && !isEmpty(entriesOf(lease))) {
    throw new MeshproofError('RIG_IN_USE', `a killed run of ${whose ?? 'somebody'} has left something on ${rig}`, {
      hint: 'npx meshproof sweep --provider=existing, with the same --context and --namespaces, takes it back',
    });
  }
  const holder = await identify(process.pid);
  const patch = {
    // Refused when the lease has changed since it was read: somebody else was quicker.
    metadata: {
      resourceVersion: lease.metadata.resourceVersion,
      annotations: { [HOLDER]: JSON.stringify(holder) },
    },
    spec: { holderIdentity: nameOfHolder(holder.pid), leaseDurationSeconds: DURATION_S, acquireTime: microTime(), renewTime: microTime() },
  };
  try {
    await api.patch(leaseRef(rig), patch, given({ signal: work.signal }));
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    throw new MeshproofError('RIG_IN_USE', `another run took ${rig} a moment ago`, { hint: 'wait for that run, or use other namespaces' });
  }
}

/** Lets go of those leases that this process holds. */
async function releaseRigs(api: ObjectApi, rigs: readonly string[]): Promise<void> {
  await settled(rigs.map((rig) => release(api, rig)));
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

/** Marks the rigs of a cluster as outliving the process which made them, those that a run has kept or renewed too, and lets go of their leases. */
export async function leaveRigs(cluster: string): Promise<void> {
  const { kubeconfig, context, rigs, kept = [] } = await describedIn(descriptionFile(cluster));
  const all = [...new Set([...rigs, ...kept])];
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    for (const rig of all) {
      await leaseOf(api, rig, cluster);
      await api.patch(leaseRef(rig), { metadata: { annotations: { [STAYS]: 'true' } } });
    }
    await releaseRigs(api, all);
  } finally {
    api.close();
  }
}

async function release(api: ObjectApi, rig: string): Promise<void> {
  const live = await api.find<LeaseObject>(leaseRef(rig));
  if (live === undefined || (await holdingOf(live)) !== 'ours') return;
  const { resourceVersion } = live.metadata;
  await api.patch(leaseRef(rig), {
    metadata: { resourceVersion, annotations: { [HOLDER]: null } },
    spec: { holderIdentity: null, renewTime: null },
  });
}

/** Now, as the API server writes times of leases. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');
