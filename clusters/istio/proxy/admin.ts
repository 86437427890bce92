import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess, PodObject } from '../../mesh/access.ts';

/** Envoy's administration interface, on the pod's loopback address. */
export const ADMIN_PORT = 15000;
export const PROXY_CONTAINER = 'istio-proxy';

/** Pods whose proxy runs and must follow the configuration: also those that are not ready, but not those on their way out. */
export function withProxy(pods: readonly PodObject[]): PodObject[] {
  return pods.filter(
    ({ metadata, spec, status }) =>
      status?.phase === 'Running' &&
      metadata.deletionTimestamp === undefined &&
      containers(spec).some(({ name }) => name === PROXY_CONTAINER),
  );
}

/** The image of the pod's proxy, '' without one. */
export function proxyImage({ spec }: PodObject): string {
  return containers(spec).find(({ name }) => name === PROXY_CONTAINER)?.image ?? '';
}

/** A native sidecar is an init container. */
function containers(spec: PodObject['spec']): PodObject['spec']['containers'] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

/** What convergence reads of a proxy's statistics. Counters start again when the proxy does. */
export interface ProxyState {
  listenersWarming: number;
  clustersWarming: number;
  /** Listeners, and filter chains of listeners, that serve old connections only and will be closed. */
  draining: number;
  /** How many pushes the proxy has rejected, by type. */
  rejected: { cds: number; lds: number };
}

const STATISTICS = {
  listenersWarming: 'listener_manager.total_listeners_warming',
  clustersWarming: 'cluster_manager.warming_clusters',
  listenersDraining: 'listener_manager.total_listeners_draining',
  filterChainsDraining: 'listener_manager.total_filter_chains_draining',
  cdsRejected: 'cluster_manager.cds.update_rejected',
  ldsRejected: 'listener_manager.lds.update_rejected',
};
const FILTER = `^(${Object.values(STATISTICS)
  .map((name) => name.replaceAll('.', '\\.'))
  .join('|')})$`;

/** @throws what the access throws when the proxy cannot be reached. */
export async function proxyState(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<ProxyState> {
  return parseState(await access.fetchText(pod, ADMIN_PORT, `/stats?format=json&filter=${encodeURIComponent(FILTER)}`, signal));
}

/** Reads Envoy's statistics in JSON; what it does not mention is 0, as Envoy creates some of them at the first event. */
export function parseState(text: string): ProxyState {
  const { stats }: { stats: { name?: string; value?: number | string }[] } = JSON.parse(text);
  const values = new Map(stats.map(({ name, value }) => [name, Number(value)]));
  const value = (name: string): number => values.get(name) ?? 0;
  return {
    listenersWarming: value(STATISTICS.listenersWarming),
    clustersWarming: value(STATISTICS.clustersWarming),
    draining: value(STATISTICS.listenersDraining) + value(STATISTICS.filterChainsDraining),
    rejected: { cds: value(STATISTICS.cdsRejected), lds: value(STATISTICS.ldsRejected) },
  };
}

/** Whether the proxy uses a dynamic cluster, fully warmed, whose whole name matches the regular expression (RE2). */
export async function hasClusterLike(access: ClusterAccess, pod: PodRef, name: string, signal?: AbortSignal): Promise<boolean> {
  const query = new URLSearchParams({ resource: 'dynamic_active_clusters', mask: 'cluster.name', name_regex: name });
  const text = await access.fetchText(pod, ADMIN_PORT, `/config_dump?${query.toString()}`, signal);
  const { configs = [] }: { configs?: unknown[] } = JSON.parse(text);
  return configs.length > 0;
}

/** Whether the proxy has any routes that istiod sent. A Sidecar resource that admits no HTTP service leaves none. */
export async function hasRoutes(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<boolean> {
  const query = new URLSearchParams({ resource: 'dynamic_route_configs', mask: 'last_updated' });
  const text = await access.fetchText(pod, ADMIN_PORT, `/config_dump?${query.toString()}`, signal);
  const { configs = [] }: { configs?: unknown[] } = JSON.parse(text);
  return configs.length > 0;
}

/** The extension that counts requests with their source and destination. Istio's own builds of Envoy have it. */
export const REQUEST_METRICS = 'envoy.filters.http.istio_stats';

/** What a proxy says of itself. */
interface ServerInfo {
  version: string;
  /** Names of the extensions compiled in. */
  extensions: ReadonlySet<string>;
  /** How many threads handle connections; each has pools of its own. */
  workers: number;
}

/** Asks a running proxy what it is and which extensions are compiled in. */
export async function serverInfo(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<ServerInfo> {
  return parseServerInfo(await access.fetchText(pod, ADMIN_PORT, '/server_info', signal));
}

/** Reads the page `/server_info`: the node that the proxy introduces itself as lists its extensions. */
export function parseServerInfo(text: string): ServerInfo {
  const info: { version?: string; node?: { extensions?: { name?: string }[] }; command_line_options?: { concurrency?: number } } =
    JSON.parse(text);
  const { version = '', node, command_line_options: options } = info;
  const names = (node?.extensions ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  return { version, extensions: new Set(names), workers: options?.concurrency ?? 1 };
}
