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
/** The human-readable name of a holder; the `HOLDER` annotation identifies the process. */
const nameOfHolder = (pid: number): string => `${hostname()}/${pid}`;

/** The leases of a run's rigs, which are renewed until they are released. */
export class RigLeases {
  readonly #api: ObjectApi;
  readonly #rigs: readonly string[];
  readonly #owner: string;
  readonly #lost = new AbortController();
  /** When the last request was sent that confirmed the lease of each rig, in epoch milliseconds. */
  readonly #confirmed = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(api: ObjectApi, rigs: readonly string[], owner: string) {
    this.#api = api;
    this.#rigs = rigs;
    this.#owner = owner;
  }

  /**
   * Takes the leases of these rigs, including those of dead holders, and keeps renewing them.
   * @param owner the cluster's name, for leases that do not exist yet
   * @throws MeshproofError `RIG_IN_USE` if a living process holds one of them
   */
  static async take(api: ObjectApi, rigs: readonly string[], owner: string, task: TaskContext = {}): Promise<RigLeases> {
    const leases = new RigLeases(api, rigs, owner);
    const taken: string[] = [];
    try {
      for (const rig of rigs) {
        leases.#confirmed.set(rig, Date.now());
        await takeOne(api, rig, owner, task);
        taken.push(rig);
      }
    } catch (error) {
      await Promise.allSettled(taken.map((rig) => release(api, rig)));
      throw error;
    }
    leases.#timer = setInterval(() => void leases.renew(), RENEW_MS).unref();
    return leases;
  }

  /** Aborts when another process took over a lease that was not renewed in time, e.g. because this machine was suspended. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The last moment, in epoch milliseconds, at which this process certainly held all of them. */
  get heldUntil(): number {
    return Math.min(...this.#confirmed.values());
  }

  /** Renews the leases now; `lost` is aborted on return if another process holds one of them. */
  async renew(): Promise<void> {
    const holder = JSON.stringify(await identify(process.pid));
    await Promise.all(this.#rigs.map((rig) => this.#renewOne(rig, holder)));
  }

  async #renewOne(rig: string, holder: string): Promise<void> {
    const operations = [
      { op: 'test', path: '/metadata/annotations/meshproof.dev~1holder', value: holder },
      { op: 'replace', path: '/spec/renewTime', value: microTime() },
    ];
    const signal = AbortSignal.timeout(RENEW_MS);
    const sent = Date.now();
    const patched = this.#api.patch(leaseRef(rig), operations, { type: 'json', signal });
    const renewal = patched
      .then(() => void this.#confirmed.set(rig, sent))
      .catch(async (error: unknown) => {
        if (!(error instanceof ApiRefusal)) return;
        // When a rig is replaced, its lease is deleted with its namespace.
        if (error.status === 404) await takeOne(this.#api, rig, this.#owner, { signal });
        else if (error.status === 409 || error.status === 422) throw error;
      });
    await renewal.catch(async (error: unknown) => {
      // Without an answer nothing is known about the lease; the next renewal may succeed.
      const isTaken =
        error instanceof ApiRefusal ? [409, 422].includes(error.status) : error instanceof MeshproofError && error.code === 'RIG_IN_USE';
      if (isTaken && (await this.#isHeldByOthers(rig)))
        this.#lost.abort(new MeshproofError('RIG_LOST', `another process took over ${rig}: ${causeOf(error)}`));
    });
  }

  /** A lease that is being recreated for the replacement of a rig has no holder yet, and is nobody's. Without an answer, nothing is known. */
  async #isHeldByOthers(rig: string): Promise<boolean> {
    const live = await this.#api.find<LeaseObject>(leaseRef(rig), AbortSignal.timeout(RENEW_MS)).catch(() => undefined);
    return live !== undefined && !['ours', 'free'].includes(await holdingOf(live));
  }

  /**
   * Writes this cluster's name on the leases. Until it is certain that nothing of others is left there, a lease keeps the name of its last
   * owner.
   */
  async claim(): Promise<void> {
    const labels = { [OWNER_LABEL]: this.#owner };
    await settled(this.#rigs.map((rig) => this.#api.patch(leaseRef(rig), { metadata: { labels } })));
  }

  /**
   * Stops renewing. This process still holds the leases and may take them again; once it has ended, they soon count as a dead process's.
   */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Stops renewing and removes the leases that this process still holds, after the rigs were removed. */
  async remove(): Promise<void> {
    this.stop();
    for (const rig of this.#rigs) {
      const live = await this.#api.find<LeaseObject>(leaseRef(rig));
      if (live !== undefined && (await holdingOf(live)) === 'ours') await this.#api.remove([live]);
    }
  }

  /** Stops renewing and releases the leases that still exist. */
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
    // With the resource version, the update is rejected if another process changed the lease in the meantime.
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

/** Releases the leases that this process holds. */
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

/** Marks the rigs of a cluster as kept, including those that a run kept or replaced, and releases their leases. */
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

/** The current time in the format of lease timestamps. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');
