import { MeshproofError } from '../../errors.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { ADMIN_PORT } from './admin.ts';
import { formatsIn } from './log-format.ts';

type Part = Record<string, unknown>;

/** A Service of the mesh, as callers address it. */
export interface Destination {
  host: string;
  port: number;
}

/** The listener for all requests to the pod. */
const INBOUND = 'virtualInbound';
/** Names, addresses and identities, which are not settings, and parts that are read by themselves. */
const OMITTED = new Set([
  '@type',
  'access_log',
  'address',
  'alt_stat_name',
  'cluster',
  'discoveryAddress',
  'domains',
  'eds_cluster_config',
  'http_filters',
  'metadata',
  'name',
  'rds',
  'route_config',
  'routes',
  'stat_prefix',
  'transport_socket',
  'transport_socket_matches',
]);
/** What is read of the TLS settings; the rest are names and identities. */
const OF_TLS = ['tls_params', 'alpn_protocols'];

/**
 * The settings of a running proxy for plain requests to a Service, by Envoy's names, e.g. `route.timeout`. Settings that Envoy would use
 * anyway are absent.
 * @throws MeshproofError `ROUTE_MISSING` if the proxy has no route to it
 */
export async function proxyDefaults(
  access: ClusterAccess,
  pod: PodRef,
  to: Destination,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  return parseDefaults(await access.fetchText(pod, ADMIN_PORT, '/config_dump', signal), to);
}

/** Parses a config dump; see `proxyDefaults`. */
export function parseDefaults(text: string, { host, port }: Destination): Record<string, string> {
  const { configs = [] }: { configs?: Part[] } = JSON.parse(text);
  const all = (name: string): Part[] => configs.flatMap((config) => partsOf(config[name]));
  const virtualHost = all('dynamic_route_configs')
    .map(({ route_config: config }) => partOf(config))
    .filter(({ name }) => name === String(port))
    .flatMap(({ virtual_hosts: hosts }) => partsOf(hosts))
    .find(({ domains }) => Array.isArray(domains) && [host, `${host}:${port}`].some((domain) => domains.includes(domain)));
  const route = partOf(partsOf(virtualHost?.['routes'])[0]?.['route']);
  const cluster = all('dynamic_active_clusters')
    .map((one) => partOf(one['cluster']))
    .find(({ name }) => name === route['cluster']);
  if (virtualHost === undefined || cluster === undefined)
    throw new MeshproofError('ROUTE_MISSING', `the proxy has no route to ${host}:${port}`);
  const listeners = all('dynamic_listeners').map(({ active_state: state }) => partOf(partOf(state)['listener']));
  const bootstrap = partOf(configs.find((config) => config['bootstrap'] !== undefined)?.['bootstrap']);
  return {
    ...flat('route', route),
    ...flat('virtual_host', virtualHost),
    ...flat('cluster', cluster),
    ...flat('cluster.tls', tlsOf(cluster)),
    ...listenerSettings(
      'outbound',
      listeners.find(({ name }) => String(name).endsWith(`_${port}`)),
    ),
    ...listenerSettings(
      'inbound',
      listeners.find(({ name }) => name === INBOUND),
    ),
    ...flat('proxy', partOf(partOf(partOf(bootstrap['node'])['metadata'])['PROXY_CONFIG'])),
    ...Object.assign(
      {},
      ...partsOf(partOf(bootstrap['layered_runtime'])['layers']).map((layer) => flat('runtime', partOf(layer['static_layer']))),
    ),
  };
}

/** The settings of a listener and of its first HTTP connection manager; all that istiod makes for one listener are alike. */
function listenerSettings(name: string, listener: Part = {}): Record<string, string> {
  const { filter_chains: chains, default_filter_chain: last, listener_filters: filters, ...settings } = listener;
  const manager = [...partsOf(chains), partOf(last)]
    .flatMap((chain) => partsOf(chain['filters']))
    .map(({ typed_config: config }) => partOf(config))
    .find((config) => config['http_filters'] !== undefined);
  if (manager === undefined) return {};
  const names = (parts: unknown): string =>
    partsOf(parts)
      .map((part) => part['name'])
      .join(', ');
  return {
    ...flat(`${name}.listener`, settings),
    ...flat(name, manager),
    [`${name}.listener.filters`]: names(filters),
    [`${name}.http_filters`]: names(manager['http_filters']),
    [`${name}.access_log`]: formatsIn(manager['access_log'])
      .map((format) => JSON.stringify(format))
      .join(' '),
  };
}

/** The TLS settings of the first transport socket that has any. */
function tlsOf(cluster: Part): Part {
  const found = OF_TLS.map((name) => [name, findIn([cluster['transport_socket_matches'], cluster['transport_socket']], name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** The first value of that name in a value, at any depth. */
function findIn(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((one) => findIn(one, name)).find((one) => one !== undefined);
  if (!isObject(value)) return undefined;
  return value[name] ?? findIn(Object.values(value), name);
}

/** Every scalar in a value by its path. */
function flat(path: string, value: unknown): Record<string, string> {
  if (Array.isArray(value)) {
    if (!value.some(isObject)) return { [path]: value.join(', ') };
    return Object.assign({}, ...value.map((one, index) => flat(`${path}[${index}]`, one)));
  }
  if (!isObject(value)) return { [path]: String(value) };
  const entries = Object.entries(value).filter(([name]) => !OMITTED.has(name));
  // The names of Envoy's types begin with their package.
  return Object.assign({}, ...entries.map(([name, one]) => flat(`${path}.${name.replace(/^envoy\.extensions\..*\./, '')}`, one)));
}

const partOf = (value: unknown): Part => (isObject(value) ? value : {});
const partsOf = (value: unknown): Part[] => (Array.isArray(value) ? value.filter(isObject) : []);
