import { MeshproofError } from '../../errors.ts';
import { isRefusedByPolicy } from '../../kubernetes/api-error.ts';
import type { ClusterAccess, PodObject } from '../../mesh/access.ts';
import type { Istiod } from '../istiod.ts';
import { hasClusterLike, hasRoutes, proxyState, withProxy } from '../proxy/admin.ts';
import { ProxyProgress } from './proxy-progress.ts';
import { ENTRY_SENTINEL, FILTER_SENTINEL, newSentinelPrefix, type Sentinel } from './sentinel.ts';

/** The intervals and time limits of convergence. */
export interface Pace {
  /** Interval between polls of who has acknowledged. */
  everyMs: number;
  /** Interval between polls of who is draining; draining takes a second or more, and each poll queries every proxy. */
  drainEveryMs: number;
  /**
   * How long to wait in vain before placing a new sentinel; doubled for each later one, so as not to add to a heavy load. A new one is
   * needed when pushes follow each other so fast that their clusters appear together: if the later push contained only clusters (e.g.
   * because of a PeerAuthentication in another namespace), waiting for its listeners and routes would never end.
   */
  renewMs: number;
  /** How long a rejection must persist without a newer push before it counts. */
  rejectionMs: number;
  /** How often the list of pods is read again. */
  podsMs: number;
}

/** The sentinel that a cluster's policies admit, if it is not the usual one. */
const sentinels = new WeakMap<ClusterAccess, Sentinel>();

/** Follows the proxies of a namespace until they all have the same configuration. Pods may come and go in the meantime. */
export class Proxies {
  readonly #access: ClusterAccess;
  readonly #istiod: Istiod;
  readonly #namespace: string;
  readonly #pace: Pace;
  readonly #signal: AbortSignal | undefined;
  readonly #progress = new Map<string, ProxyProgress>();
  readonly #prefix = newSentinelPrefix();
  #sentinel: Sentinel;
  #placed = 0;
  #placedAt = 0;
  #listedAt = 0;

  constructor(access: ClusterAccess, istiod: Istiod, namespace: string, pace: Pace, signal: AbortSignal | undefined) {
    this.#access = access;
    this.#istiod = istiod;
    this.#namespace = namespace;
    this.#pace = pace;
    this.#signal = signal;
    this.#sentinel = sentinels.get(access) ?? FILTER_SENTINEL;
  }

  /** The number of proxies in the last list of pods. */
  get count(): number {
    return this.#progress.size;
  }

  /** Records the state before the sentinel is placed. */
  async start(): Promise<void> {
    await this.#list();
    // Without the statuses, only more queries are needed later.
    const statuses = await this.#istiod.proxies(this.#namespace, this.#signal).catch(() => undefined);
    this.#signal?.throwIfAborted();
    for (const progress of this.#progress.values()) progress.before(statuses?.get(progress.pod.name));
  }

  async haveAcknowledged(): Promise<boolean> {
    await this.#refresh();
    if (this.#progress.size === 0) return true;
    if (this.#placed === 0 || performance.now() - this.#placedAt > this.#pace.renewMs * 2 ** this.#placed) await this.#place();
    await this.#each(async (progress) => {
      if (progress.acknowledged || progress.hasSentinel || !progress.mayHaveSentinel) return;
      progress.hasSentinel = await hasClusterLike(this.#access, progress.pod, this.#sentinel.clusters(this.#prefix), this.#signal);
    });
    const statuses = await this.#istiod.proxies(this.#namespace, this.#signal);
    for (const progress of this.#progress.values()) progress.saw(statuses.get(progress.pod.name));
    await this.#each(async (progress) => {
      if (progress.acknowledged) return;
      if (progress.lacksOnlyRoutes) progress.hasRoutes = await hasRoutes(this.#access, progress.pod, this.#signal);
      if (progress.settled || progress.hasRejected) progress.state = await proxyState(this.#access, progress.pod, this.#signal);
    });
    return [...this.#progress.values()].every((progress) => progress.acknowledged);
  }

  async haveDrained(): Promise<boolean> {
    await this.#each(async (progress) => {
      if (!progress.drained) progress.state = await proxyState(this.#access, progress.pod, this.#signal);
    });
    if ([...this.#progress.values()].every((progress) => progress.drained)) return true;
    await this.#refresh();
    return false;
  }

  /** An error about the first proxy that rejected its configuration. */
  rejection(): MeshproofError | undefined {
    for (const progress of this.#progress.values()) {
      const rejection = progress.rejection(this.#pace.rejectionMs);
      if (rejection !== undefined) {
        const { namespace, name } = progress.pod;
        return new MeshproofError('CONFIG_REJECTED', `the proxy of ${namespace}/${name} rejected ${rejection.type}: ${rejection.reason}`, {
          hint: 'Envoy rejects the configuration generated from the manifests',
        });
      }
    }
    return undefined;
  }

  /** What each lagging proxy lacks. */
  lacking(): string[] {
    return [...this.#progress.values()].flatMap((progress) => progress.lacks() ?? []);
  }

  /** Every sentinel placed here comes after the objects, so a slow proxy may show an earlier one than the last. */
  async #place(): Promise<void> {
    this.#placedAt = performance.now();
    const name = `${this.#prefix}${this.#placed++}`;
    const place = async ({ object }: Sentinel): Promise<void> =>
      await this.#access.apply([object(this.#namespace, name)], this.#namespace, this.#signal);
    await place(this.#sentinel).catch(async (error: unknown) => {
      if (this.#sentinel === ENTRY_SENTINEL || !isRefusedByPolicy(error)) throw error;
      this.#sentinel = ENTRY_SENTINEL;
      await place(ENTRY_SENTINEL);
      sentinels.set(this.#access, ENTRY_SENTINEL);
    });
  }

  async #refresh(): Promise<void> {
    if (performance.now() - this.#listedAt < this.#pace.podsMs) return;
    await this.#list();
  }

  async #list(): Promise<void> {
    this.#listedAt = performance.now();
    const pods = withProxy(await this.#access.pods(this.#namespace, undefined, this.#signal));
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of this.#progress.keys()) if (!present.has(uid)) this.#progress.delete(uid);
    await Promise.all(pods.map(async (pod) => await this.#add(pod)));
  }

  async #add({ metadata }: PodObject): Promise<void> {
    if (this.#progress.has(metadata.uid)) return;
    const progress = new ProxyProgress({ namespace: metadata.namespace, name: metadata.name });
    this.#progress.set(metadata.uid, progress);
    // A proxy that does not respond yet has not rejected anything yet.
    const state = await proxyState(this.#access, progress.pod, this.#signal).catch(() => undefined);
    this.#signal?.throwIfAborted();
    if (state !== undefined) progress.rejectedBefore = state.rejected;
  }

  /** A proxy that cannot be queried counts as lagging. Its pod may be gone, so the list is read again. */
  async #each(ask: (progress: ProxyProgress) => Promise<void>): Promise<void> {
    await Promise.all(
      [...this.#progress.values()].map(async (progress) => {
        try {
          await ask(progress);
        } catch (error) {
          this.#signal?.throwIfAborted();
          progress.unreachable(error);
          this.#listedAt = 0;
        }
      }),
    );
  }
}
