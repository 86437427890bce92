import { isObject } from '../../kubernetes/merge-patch.ts';

/** The images of the mesh: `<hub>/pilot:<tag>` and `<hub>/proxyv2:<tag>`. */
export interface IstioImages {
  hub: string;
  tag: string;
  /** The proxy image contains an Envoy without Istio's own extensions, so the configuration must not name them. */
  plainEnvoy: boolean;
}

export interface IstioProfile {
  /** Default `minimal`, which is istiod alone. */
  profile?: string;
  images: IstioImages;
  /** Logs every request; default false, because that reduces throughput. */
  accessLog?: boolean;
  /** Merged into the operator's spec last: objects field by field, everything else replaced. */
  overrides?: Record<string, unknown>;
}

/**
 * How long connections survive after their listener or filter chain was replaced; Envoy's --drain-time-s. A policy takes effect on kept
 * connections only after that, so a harness needs it to be short: the API accepts whole seconds from 1 (default 45). The price: a longer
 * response is cut off if the policy of its server changes meanwhile. It does not affect a pod's termination, for which
 * terminationDrainDuration counts.
 */
const DRAIN_DURATION = '1s';

/**
 * How long istiod waits for quiet before it computes a push (default 100 ms). Every enforcement includes it, twice at worst: for the
 * manifests, and for the sentinel that follows them 5 to 20 ms later. At 25 ms both usually share one push; a much smaller value would
 * split them and double the proxies' work, a larger one would only wait longer.
 */
const DEBOUNCE = '25ms';

/** How often istiod fetches the keys of token issuers (default 20 min), so that a check can observe a rotation. */
const KEYS_AGAIN = '1s';

/**
 * How long a proxy buffers spans before sending them (default 5 s), because a check waits for them. A runtime setting of Envoy, in
 * milliseconds.
 */
const SPANS_AFTER_MS = 100;

/**
 * The trace collector that Telemetry resources name. A ServiceEntry defines its address; without one, nothing is traced or sent. Only one
 * namespace at a time may define it, because istiod looks the host up in the whole mesh.
 */
const COLLECTOR = { name: 'collector', zipkin: { service: 'collector.tracing.example', port: 9411 } };

/**
 * The authorization server that policies can name. As above, a ServiceEntry in one namespace at a time defines its address. Without its
 * answer requests are denied. It also receives the headers by which a sample server tells requests and responders apart.
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

/** The resource requests of each component by default. */
export const SMALL = { requests: { cpu: '10m', memory: '64Mi' } };

/** The IstioOperator resource for istioctl. */
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
