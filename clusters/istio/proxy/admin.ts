import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess, PodObject } from '../../mesh/access.ts';

/** Envoy's administration interface, on the pod's loopback address. */
export const ADMIN_PORT = 15000;
export const PROXY_CONTAINER = 'istio-proxy';
/** The label selector of pods with a sidecar. */
export const MESHED = 'security.istio.io/tlsMode=istio';

/** Pods with a running proxy that must follow the configuration: including unready pods, but not terminating ones. */
export function withProxy(pods: readonly PodObject[]): PodObject[] {
  return pods.filter(
    ({ metadata, spec, status }) =>
      status?.phase === 'Running' &&
      metadata.deletionTimestamp === undefined &&
      containers(spec).some(({ name }) => name === PROXY_CONTAINER),
  );
}

/** The image of the pod's proxy; '' without one. */
export function proxyImage({ spec }: PodObject): string {
  return containers(spec).find(({ name }) => name === PROXY_CONTAINER)?.image ?? '';
}

/** A native sidecar is an init container. */
function containers(spec: PodObject['spec']): PodObject['spec']['containers'] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

/** The parts of a proxy's statistics that convergence reads. Counters restart with the proxy. */
export interface ProxyState {
  listenersWarming: number;
  clustersWarming: number;
  /** Listeners, and filter chains of listeners, that serve only old connections and will be closed. */
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

/** @throws the error of the access if the proxy cannot be reached */
export async function proxyState(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<ProxyState> {
  return parseState(await access.fetchText(pod, ADMIN_PORT, `/stats?format=json&filter=${encodeURIComponent(FILTER)}`, signal));
}

/** Parses Envoy's statistics in JSON. A missing value counts as 0, because Envoy creates some of them at the first event. */
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

/** Whether the proxy uses a dynamic cluster, fully warmed, whose full name matches the regular expression (RE2). */
export async function hasClusterLike(access: ClusterAccess, pod: PodRef, name: string, signal?: AbortSignal): Promise<boolean> {
  const query = new URLSearchParams({ resource: 'dynamic_active_clusters', mask: 'cluster.name', name_regex: name });
  const text = await access.fetchText(pod, ADMIN_PORT, `/config_dump?${query.toString()}`, signal);
  const { configs = [] }: { configs?: unknown[] } = JSON.parse(text);
  return configs.length > 0;
}

/** Whether the proxy has any routes from istiod. A Sidecar resource that admits no HTTP service leaves none. */
export async function hasRoutes(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<boolean> {
  const query = new URLSearchParams({ resource: 'dynamic_route_configs', mask: 'last_updated' });
  const text = await access.fetchText(pod, ADMIN_PORT, `/config_dump?${query.toString()}`, signal);
  const { configs = [] }: { configs?: unknown[] } = JSON.parse(text);
  return configs.length > 0;
}

/** The extension that counts requests with their source and destination. Istio's own builds of Envoy have it. */
export const REQUEST_METRICS = 'envoy.filters.http.istio_stats';

/** What a proxy reports about itself. */
interface ServerInfo {
  version: string;
  /** Names of the extensions compiled in. */
  extensions: ReadonlySet<string>;
  /** The number of worker threads; each has its own connection pools. */
  workers: number;
}

/** Asks a running proxy for its version, and for the extensions that are compiled in. */
export async function serverInfo(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<ServerInfo> {
  return parseServerInfo(await access.fetchText(pod, ADMIN_PORT, '/server_info', signal));
}

/** Parses the page `/server_info`, whose node metadata lists the extensions. */
export function parseServerInfo(text: string): ServerInfo {
  const info: { version?: string; node?: { extensions?: { name?: string }[] }; command_line_options?: { concurrency?: number } } =
    JSON.parse(text);
  const { version = '', node, command_line_options: options } = info;
  const names = (node?.extensions ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
  return { version, extensions: new Set(names), workers: options?.concurrency ?? 1 };
}
