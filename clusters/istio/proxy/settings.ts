import { omitUndefined } from '../../kubernetes/omit-undefined.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { ADMIN_PORT } from './admin.ts';

/** The settings of an installation as one proxy applies them; a missing one is undefined. */
export type ProxySettings = {
  accessLogFile?: string;
  accessLogFormat?: string;
  /** Percentage of requests for which the proxy starts a trace at random. */
  tracingSampling?: number;
  /** Host and port that traces are sent to, or the mesh's name for them. */
  tracingCollector?: string;
  dnsCapture?: string;
  dnsAutoAllocate?: string;
};

const CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';

interface Filter {
  name?: string;
  typed_config?: { tracing?: Tracing; access_log?: AccessLog[] };
}

interface Tracing {
  random_sampling?: { value?: number };
  provider?: { typed_config?: { collector_cluster?: string } };
}

interface AccessLog {
  typed_config?: { path?: string; log_format?: { text_format_source?: { inline_string?: string } } };
}

interface Listener {
  active_state?: { listener?: { filter_chains?: { filters?: Filter[] }[] } };
}

interface StaticCluster {
  name?: string;
  load_assignment?: { endpoints?: { lb_endpoints?: { endpoint?: { address?: { socket_address?: SocketAddress } } }[] }[] };
}

interface SocketAddress {
  address?: string;
  port_value?: number;
}

interface Dump {
  configs?: {
    bootstrap?: {
      node?: { metadata?: Record<string, unknown> };
      tracing?: { http?: Tracing['provider'] };
      static_resources?: { clusters?: StaticCluster[] };
    };
    dynamic_listeners?: Listener[];
  }[];
}

/** Asks a running proxy for the settings of its installation. */
export async function proxySettings(access: ClusterAccess, pod: PodRef): Promise<ProxySettings> {
  return parseProxySettings(await access.fetchText(pod, ADMIN_PORT, '/config_dump'));
}

/** Parses a config dump: the node's metadata, and the first HTTP listener, since all listeners get the same settings. */
export function parseProxySettings(text: string): ProxySettings {
  const { configs = [] }: Dump = JSON.parse(text);
  const bootstrap = configs.find((config) => config.bootstrap !== undefined)?.bootstrap;
  const metadata = bootstrap?.node?.metadata ?? {};
  const managers = configs
    .flatMap(({ dynamic_listeners: listeners = [] }) => listeners)
    .flatMap(({ active_state: state }) => state?.listener?.filter_chains ?? [])
    .flatMap(({ filters = [] }) => filters.filter(({ name }) => name === CONNECTION_MANAGER));
  const { tracing, access_log: logs = [] } = managers[0]?.typed_config ?? {};
  const log = logs.find(({ typed_config: config }) => config?.path !== undefined)?.typed_config;
  const collector = (tracing?.provider ?? bootstrap?.tracing?.http)?.typed_config?.collector_cluster;
  return omitUndefined({
    accessLogFile: log?.path,
    accessLogFormat: log?.log_format?.text_format_source?.inline_string,
    tracingSampling: tracing?.random_sampling?.value,
    tracingCollector: collector && (addressOf(bootstrap?.static_resources?.clusters, collector) ?? collector),
    dnsCapture: textOf(metadata['DNS_CAPTURE']),
    dnsAutoAllocate: textOf(metadata['DNS_AUTO_ALLOCATE']),
  });
}

/** The address of a cluster in the bootstrap; one that istiod provides is named after its host and port. */
function addressOf(clusters: readonly StaticCluster[] = [], name: string): string | undefined {
  const assignment = clusters.find((cluster) => cluster.name === name)?.load_assignment;
  const socket = assignment?.endpoints?.[0]?.lb_endpoints?.[0]?.endpoint?.address?.socket_address;
  return socket && `${socket.address}:${socket.port_value}`;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
