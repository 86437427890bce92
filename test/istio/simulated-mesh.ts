import type { ClusterAccess, PodObject } from '../../clusters/istio/access.ts';
import { RESOURCE_TYPES, type ResourceType } from '../../clusters/istio/istiod.ts';
import type { Manifest, PodRef } from '../../clusters/kubernetes/manifest.ts';
import { random } from './random.ts';
import { SimulatedProxy, type Configuration } from './simulated-proxy.ts';

const PUSHED = ['cds', 'eds', 'lds', 'rds'] as const;

export function keyOf({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** The sentinel changes no listener, so it drains none. */
function listeners(configuration: Configuration | undefined): string {
  return JSON.stringify([...(configuration ?? [])].filter(([key]) => !key.startsWith('EnvoyFilter/')));
}

/**
 * A control plane and its proxies in which everything takes its own time: each kind's watch, the computation of pushes, the streams, the answers,
 * drains. Something happens only while somebody asks it something, in an order that the seed decides.
 */
export class SimulatedMesh implements ClusterAccess {
  readonly proxies: SimulatedProxy[] = [];
  /** Kinds whose watch events do not arrive. */
  readonly stalled = new Set<string>();
  /** Keys of objects that proxies refuse in listeners. */
  readonly refused = new Set<string>();
  /** How many steps happen at a call, at most. */
  haste = 8;
  /** Probabilities in a thousand that a proxy is restarted, or that clusters alone are pushed. */
  chaos = { restart: 0, clustersOnly: 0 };
  applied: string[] = [];
  readonly #random: (below: number) => number;
  readonly #namespace: string;
  readonly #api = new Map<string, { object: Manifest; version: number }>();
  readonly #watches = new Map<string, { key: string; version: number | undefined; object: Manifest }[]>();
  readonly #store = new Map<string, { version: number; object: Manifest }>();
  #context: Configuration = new Map();
  #dirty = false;
  #clock = 0;
  #push = 0;
  #uids = 0;

  constructor(seed: number, namespace: string, proxies: number) {
    this.#random = random(seed);
    this.#namespace = namespace;
    for (let index = 0; index < proxies; index++) this.addProxy(`pod-${index}`);
  }

  addProxy(name: string): SimulatedProxy {
    const proxy = new SimulatedProxy(name, this.#namespace, `uid-${++this.#uids}`);
    this.proxies.push(proxy);
    this.#connect(proxy);
    return proxy;
  }

  /** The API server takes it; istiod will hear of it. */
  write(object: Manifest): void {
    const version = ++this.#clock;
    this.#api.set(keyOf(object), { object, version });
    this.#tell(object, version);
  }

  delete(object: Manifest): void {
    this.#api.delete(keyOf(object));
    this.#clock++;
    this.#tell(object, undefined);
  }

  version(object: Manifest): number | undefined {
    return this.#api.get(keyOf(object))?.version;
  }

  async apply(objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) {
      this.applied.push(keyOf(object));
      this.write(object);
    }
    await this.#pass();
  }

  async get(object: Manifest): Promise<Manifest | undefined> {
    await this.#pass();
    const found = this.#api.get(keyOf(object));
    return found && { ...found.object, metadata: { ...found.object.metadata, resourceVersion: String(found.version) } };
  }

  async pods(namespace: string | undefined): Promise<PodObject[]> {
    await this.#pass();
    if (namespace === this.#namespace) return this.proxies.map(({ pod }) => pod);
    return [{ metadata: { name: 'istiod', namespace: 'istio-system', uid: 'i' }, spec: { containers: [] }, status: { phase: 'Running' } }];
  }

  async logs(): Promise<string> {
    return '';
  }

  async logsSince(): Promise<string> {
    return '';
  }

  async fetchText(pod: PodRef, port: number, path: string): Promise<string> {
    await this.#pass();
    const { pathname, searchParams } = new URL(path, 'http://pod');
    if (port === 8080 && pathname === '/debug/configz') {
      return JSON.stringify(
        [...this.#store.values()].map(({ object, version }) => ({
          ...object,
          metadata: { ...object.metadata, resourceVersion: String(version) },
        })),
      );
    }
    if (port === 8080 && pathname === '/debug/syncz') {
      return JSON.stringify(
        this.proxies.map(({ pod: { metadata }, status }) => ({
          proxy: `${metadata.name}.${metadata.namespace}`,
          resources: Object.fromEntries(Object.entries(status).map(([type, value]) => [RESOURCE_TYPES[type as ResourceType], value])),
        })),
      );
    }
    const proxy = this.proxies.find(({ pod: { metadata } }) => metadata.name === pod.name);
    if (port !== 15000 || proxy === undefined) throw new Error(`nothing answers ${pod.name}:${port}${path}`);
    if (pathname === '/stats') {
      return JSON.stringify({
        stats: [
          { name: 'listener_manager.total_filter_chains_draining', value: proxy.draining },
          { name: 'listener_manager.total_listeners_warming', value: proxy.warming },
          { name: 'cluster_manager.cds.update_rejected', value: proxy.rejected.cds },
          { name: 'listener_manager.lds.update_rejected', value: proxy.rejected.lds },
        ],
      });
    }
    if (searchParams.get('resource') === 'dynamic_active_clusters') {
      const wanted = searchParams.get('name_regex');
      const sentinel = this.#sentinelOf(proxy.applied.get('cds'));
      return JSON.stringify(
        sentinel !== undefined && new RegExp(`^(?:${wanted})$`).test(sentinel) ? { configs: [{ cluster: { name: sentinel } }] } : {},
      );
    }
    return JSON.stringify(proxy.applied.has('rds') ? { configs: [{}] } : {});
  }

  /** The name of the cluster that the sentinel of that configuration adds. */
  #sentinelOf(configuration: Configuration | undefined): string | undefined {
    const version = configuration?.get(`EnvoyFilter/${this.#namespace}/meshproof-sentinel`);
    return version === undefined ? undefined : this.#sentinels.get(version);
  }

  readonly #sentinels = new Map<number, string>();

  #tell(object: Manifest, version: number | undefined): void {
    const patches = (object['spec'] as { configPatches?: { patch: { value: { name?: string } } }[] } | undefined)?.configPatches;
    if (version !== undefined && patches !== undefined) this.#sentinels.set(version, patches[0]?.patch.value.name ?? '');
    const watch = this.#watches.get(object.kind) ?? [];
    this.#watches.set(object.kind, watch);
    watch.push({ key: keyOf(object), version, object });
  }

  async #pass(): Promise<void> {
    for (let steps = this.#random(this.haste + 1); steps > 0; steps--) this.#step();
    await Promise.resolve();
  }

  #step(): void {
    const pick = <T>(items: readonly T[]): T | undefined => items[this.#random(Math.max(items.length, 1))];
    if (this.#random(1_000) < this.chaos.restart) this.#connect(pick(this.proxies));
    if (this.#random(1_000) < this.chaos.clustersOnly) this.#send(['cds'], ++this.#push);
    const possible: [who: string, act: () => void][] = [['nobody', () => {}]];
    for (const [kind, events] of this.#watches) {
      if (events.length > 0 && !this.stalled.has(kind)) possible.push([kind, () => this.#deliver(kind)]);
    }
    if (this.#dirty) possible.push(['istiod', () => this.#compute()]);
    for (const proxy of this.proxies) {
      const { name } = proxy.pod.metadata;
      if (proxy.queue.length > 0) possible.push([`${name} is sent to`, () => this.#generate(proxy)]);
      if (proxy.inbox.length > 0) possible.push([`${name} reads`, () => this.#read(proxy)]);
      if (proxy.outbox.length > 0) possible.push([`${name} answers`, () => this.#hear(proxy)]);
      if (proxy.warming > 0) possible.push([`${name} warms`, () => (proxy.warming--, proxy.draining++)]);
      if (proxy.draining > 0) possible.push([`${name} drains`, () => proxy.draining--]);
    }
    const speeds = possible.map(([who]) => this.#speed(who));
    let drawn = this.#random(speeds.reduce((sum, speed) => sum + speed, 0));
    possible.find((_, index) => (drawn -= speeds[index] ?? 0) < 0)?.[1]();
  }

  /** Who is fast and who is slow stays so for the life of the mesh; without it nothing would ever be overtaken by much. */
  #speed(who: string): number {
    const known = this.#speeds.get(who) ?? (this.#random(3) === 0 ? 1 : 40);
    this.#speeds.set(who, known);
    return known;
  }

  readonly #speeds = new Map<string, number>();

  #deliver(kind: string): void {
    const event = this.#watches.get(kind)?.shift();
    if (event === undefined) return;
    if (event.version === undefined) this.#store.delete(event.key);
    else this.#store.set(event.key, { version: event.version, object: event.object });
    this.#dirty = true;
  }

  #compute(): void {
    this.#dirty = false;
    this.#context = new Map([...this.#store].map(([key, { version }]) => [key, version]));
    this.#send(PUSHED, ++this.#push);
  }

  #send(types: readonly ResourceType[], push: number, proxies: readonly SimulatedProxy[] = this.proxies): void {
    for (const { queue } of proxies) queue.push(...types.map((type) => ({ type, push, configuration: this.#context })));
  }

  #generate(proxy: SimulatedProxy): void {
    const message = proxy.queue.shift();
    if (message === undefined) return;
    const { type, push } = message;
    const nonce = `2026-11-21T20:49:57Z/${push}00000000-0000-4000-8000-${String(this.#random(1e9)).padStart(12, '0')}`;
    proxy.inbox.push({ ...message, nonce });
    proxy.status[type] = { acked: '', lastError: '', ...proxy.status[type], sent: nonce };
  }

  #read(proxy: SimulatedProxy): void {
    const message = proxy.inbox.shift();
    if (message === undefined) return;
    const { type, nonce, configuration } = message;
    const refused = type === 'lds' && [...configuration.keys()].some((key) => this.refused.has(key));
    proxy.outbox.push({ type, nonce, error: refused ? 'no such filter' : '' });
    if (refused) {
      proxy.rejected.lds++;
      return;
    }
    const changed = listeners(proxy.applied.get(type)) !== listeners(configuration);
    if (type === 'lds' && changed && proxy.applied.has('lds')) proxy.warming++;
    proxy.applied.set(type, configuration);
  }

  #hear(proxy: SimulatedProxy): void {
    const answer = proxy.outbox.shift();
    const status = answer === undefined ? undefined : proxy.status[answer.type];
    // An answer to anything but the newest is stale and ignored, as in the protocol.
    if (answer === undefined || status === undefined || status.sent !== answer.nonce) return;
    if (answer.error === '') Object.assign(status, { acked: answer.nonce, lastError: '' });
    else status.lastError = answer.error;
  }

  /** A new stream, by a proxy that knows nothing yet: it gets what istiod computed last. */
  #connect(proxy: SimulatedProxy | undefined): void {
    if (proxy === undefined) return;
    Object.assign(proxy, {
      applied: new Map(),
      queue: [],
      inbox: [],
      outbox: [],
      status: {},
      draining: 0,
      warming: 0,
      rejected: { cds: 0, lds: 0 },
    });
    this.#send(PUSHED, this.#push, [proxy]);
  }
}
