import { isObject } from '../../kubernetes/merge-patch.ts';

/** Where the mesh's images come from: `<hub>/pilot:<tag>` and `<hub>/proxyv2:<tag>`. */
export interface IstioImages {
  hub: string;
  tag: string;
  /** The proxy image holds an Envoy without Istio's own extensions, so configuration must not name them. */
  plainEnvoy: boolean;
}

export interface IstioProfile {
  /** Default `minimal`: istiod alone. */
  profile?: string;
  images: IstioImages;
  /** Write every request to the proxy's log; default false, as it costs throughput. */
  accessLog?: boolean;
  /** Merged into the operator's spec last: objects field by field, everything else replaced. */
  overrides?: Record<string, unknown>;
}

/**
 * How long connections live on after their listener or filter chain was replaced; Envoy's --drain-time-s. A policy acts on kept connections
 * only after it, so a harness wants it short: the API takes whole seconds from 1 (default 45). The price: an answer that takes longer is cut off
 * when the policy of its server changes meanwhile. It has nothing to do with a pod's end, for which terminationDrainDuration counts.
 */
const DRAIN_DURATION = '1s';

/**
 * How long istiod waits for quiet before it computes a push (default 100 ms). Every enforcement contains it, twice at worst: for the manifests
 * and for the sentinel that follows them 5 to 20 ms later. At 25 ms both usually share one push; much less would split them and double
 * the proxies' work, more would only wait.
 */
const DEBOUNCE = '25ms';

/** How often istiod fetches the keys of token issuers (default 20 min): a rotation is to be seen within a check. */
const KEYS_AGAIN = '1s';

/** How long a proxy gathers spans before it hands them on (default 5 s): a check waits for them. Read by Envoy from its runtime, in milliseconds. */
const SPANS_AFTER_MS = 100;

/**
 * The trace collector that Telemetry resources name. Its host is what a ServiceEntry says: nothing is traced, and nothing sent, where none does.
 * One namespace at a time may define it, since istiod looks the host up in the whole mesh.
 */
const COLLECTOR = { name: 'collector', zipkin: { service: 'collector.tracing.example', port: 9411 } };

/**
 * The authorization server that policies can name, which is where a ServiceEntry says, likewise in one namespace at a time. Without its answer
 * requests are denied. Of the headers, those by which a sample server tells which request it got and who answered are handed on as well.
 */
export const AUTHORIZER = {
  name: 'authorizer',
  envoyExtAuthzHttp: {
    service: 'authorizer.security.example',
    port: 8080,
    timeout: '1s',
    includeRequestHeadersInCheck: ['x-agent-id', 'x-user'],
    headersToUpstreamOnAllow: ['x-agent-pod'],
    headersToDownstreamOnDeny: ['x-agent-pod'],
  },
};

/** What each part requests where nothing else is said. */
export const SMALL = { requests: { cpu: '10m', memory: '64Mi' } };

/** The IstioOperator resource that istioctl takes. */
export function istioOperator({ profile = 'minimal', images, accessLog = false, overrides = {} }: IstioProfile): Record<string, unknown> {
  const plain = images.plainEnvoy ? { PILOT_ENABLE_ALPN_FILTER: 'false', PILOT_ENABLE_METADATA_EXCHANGE: 'false' } : {};
  const spec = {
    profile,
    hub: images.hub,
    tag: images.tag,
    meshConfig: {
      accessLogFile: accessLog ? '/dev/stdout' : '',
      defaultConfig: {
        drainDuration: DRAIN_DURATION,
        holdApplicationUntilProxyStarts: true,
        runtimeValues: { 'tracing.zipkin.flush_interval_ms': String(SPANS_AFTER_MS) },
      },
      extensionProviders: [COLLECTOR, AUTHORIZER],
    },
    values: {
      global: { imagePullPolicy: 'IfNotPresent', proxy: { resources: SMALL }, proxy_init: { resources: SMALL } },
      pilot: {
        autoscaleEnabled: false,
        resources: SMALL,
        env: { PILOT_DEBOUNCE_AFTER: DEBOUNCE, PILOT_JWT_PUB_KEY_REFRESH_INTERVAL: KEYS_AGAIN, ...plain },
      },
      ...(images.plainEnvoy ? { telemetry: { enabled: false } } : {}),
    },
  };
  return { apiVersion: 'install.istio.io/v1alpha1', kind: 'IstioOperator', spec: merge(spec, overrides) };
}

function merge(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [field, value] of Object.entries(over)) {
    const below = merged[field];
    merged[field] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return merged;
}
