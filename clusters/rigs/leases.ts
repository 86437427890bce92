import { hostname } from 'node:os';

import { identify } from '../engine/processes.ts';
import { causeOf, MeshproofError } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { ObjectApi } from '../kubernetes/object-api.ts';
import { describedIn, descriptionFile } from '../registry/description.ts';
import { settled } from '../settled.ts';
import type { TaskContext } from '../task-context.ts';
import { entriesOf, isEmpty } from './journal-entries.ts';
import { DURATION_S, HOLDER, holdingOf, judgeLease, leaseOf, leaseRef, ownerOf, STAYS, type LeaseObject } from './lease.ts';
import { OWNER_LABEL } from './rig.ts';

const RENEW_MS = 5_000;
/** As a person reads it; the record beside it tells one process from every other. */
const nameOfHolder = (pid: number): string => `${hostname()}/${pid}`;

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
  static async take(api: ObjectApi, rigs: readonly string[], owner: string, task: TaskContext = {}): Promise<RigLeases> {
    const leases = new RigLeases(api, rigs, owner);
    const taken: string[] = [];
    try {
      for (const rig of rigs) {
        await takeOne(api, rig, owner, task);
        taken.push(rig);
      }
    } catch (error) {
      await Promise.allSettled(taken.map((rig) => release(api, rig)));
      throw error;
    }
    leases.#timer = setInterval(() => void leases.#renew(), RENEW_MS).unref();
    return leases;
  }

  /** Aborts when someone else took a lease because ours was not renewed in time, e.g. while this machine slept. */
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
      if (isTaken) this.#lost.abort(new MeshproofError('RIG_LOST', `another process took over ${rig}: ${causeOf(error)}`));
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
      if (live !== undefined && (await holdingOf(live)) === 'ours') await this.#api.remove([live]);
    }
  }

  /** Stops renewing, and lets go of the leases that are still there. */
  async release(): Promise<void> {
    this.stop();
    await releaseRigs(this.#api, this.#rigs);
  }
}

async function takeOne(api: ObjectApi, rig: string, owner: string, task: TaskContext): Promise<void> {
  const judged = await judgeLease(api, rig, task);
  const lease = judged.lease ?? (await leaseOf(api, rig, owner, task.signal));
  if (judged.holding === 'alive') {
    throw new MeshproofError('RIG_IN_USE', `${lease.spec?.holderIdentity ?? 'another run'} is using ${rig}`, {
      hint: 'wait for that run, or use other namespaces',
    });
  }
  const whose = ownerOf(lease);
  if (whose !== owner && !isEmpty(entriesOf(lease))) {
    throw new MeshproofError('RIG_IN_USE', `a killed run (${whose ?? 'owner unknown'}) left configuration on ${rig}`, {
      hint: 'npx meshproof sweep --provider=existing, with the same --context and --namespaces, cleans it up',
    });
  }
  const holder = await identify(process.pid);
  const patch = {
    // Refused when the lease has changed since it was read: someone else was quicker.
    metadata: {
      resourceVersion: lease.metadata.resourceVersion,
      annotations: { [HOLDER]: JSON.stringify(holder) },
    },
    spec: { holderIdentity: nameOfHolder(holder.pid), leaseDurationSeconds: DURATION_S, acquireTime: microTime(), renewTime: microTime() },
  };
  try {
    await api.patch(leaseRef(rig), patch, omitUndefined({ signal: task.signal }));
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error;
    throw new MeshproofError('RIG_IN_USE', `another run has just taken ${rig}`, { hint: 'wait for that run, or use other namespaces' });
  }
}

/** Lets go of those leases that this process holds. */
async function releaseRigs(api: ObjectApi, rigs: readonly string[]): Promise<void> {
  await settled(rigs.map((rig) => release(api, rig)));
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

/** Now, as the API server writes times of leases. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');
