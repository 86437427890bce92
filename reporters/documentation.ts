import type { CheckResult, Link } from '../fixtures/contract/result.ts';

const ISTIO = 'https://istio.io/latest/docs';
const LINKERD = 'https://linkerd.io/2/reference';
const KUBERNETES = 'https://kubernetes.io/docs/concepts';

/** Documentation of each kind that a check may apply: "group/Kind" as in a result. Kinds that only deploy the samples are omitted. */
const PAGES: Readonly<Record<string, string>> = {
  'networking.istio.io/VirtualService': `${ISTIO}/reference/config/networking/virtual-service/`,
  'networking.istio.io/DestinationRule': `${ISTIO}/reference/config/networking/destination-rule/`,
  'networking.istio.io/Gateway': `${ISTIO}/reference/config/networking/gateway/`,
  'networking.istio.io/ServiceEntry': `${ISTIO}/reference/config/networking/service-entry/`,
  'networking.istio.io/Sidecar': `${ISTIO}/reference/config/networking/sidecar/`,
  'networking.istio.io/EnvoyFilter': `${ISTIO}/reference/config/networking/envoy-filter/`,
  'networking.istio.io/WorkloadEntry': `${ISTIO}/reference/config/networking/workload-entry/`,
  'networking.istio.io/ProxyConfig': `${ISTIO}/reference/config/networking/proxy-config/`,
  'security.istio.io/PeerAuthentication': `${ISTIO}/reference/config/security/peer_authentication/`,
  'security.istio.io/AuthorizationPolicy': `${ISTIO}/reference/config/security/authorization-policy/`,
  'security.istio.io/RequestAuthentication': `${ISTIO}/reference/config/security/request_authentication/`,
  'telemetry.istio.io/Telemetry': `${ISTIO}/reference/config/telemetry/`,
  'extensions.istio.io/WasmPlugin': `${ISTIO}/reference/config/proxy_extensions/wasm-plugin/`,
  'install.istio.io/IstioOperator': `${ISTIO}/reference/config/istio.operator.v1alpha1/`,
  'gateway.networking.k8s.io/Gateway': 'https://gateway-api.sigs.k8s.io/api-types/gateway/',
  'gateway.networking.k8s.io/HTTPRoute': 'https://gateway-api.sigs.k8s.io/api-types/httproute/',
  'gateway.networking.k8s.io/GRPCRoute': 'https://gateway-api.sigs.k8s.io/api-types/grpcroute/',
  'gateway.networking.k8s.io/TLSRoute': 'https://gateway-api.sigs.k8s.io/api-types/tlsroute/',
  'policy.linkerd.io/Server': `${LINKERD}/authorization-policy/#server`,
  'policy.linkerd.io/ServerAuthorization': `${LINKERD}/authorization-policy/#serverauthorization`,
  'policy.linkerd.io/AuthorizationPolicy': `${LINKERD}/authorization-policy/#authorizationpolicy`,
  'policy.linkerd.io/MeshTLSAuthentication': `${LINKERD}/authorization-policy/#meshtlsauthentication`,
  'policy.linkerd.io/NetworkAuthentication': `${LINKERD}/authorization-policy/#networkauthentication`,
  'policy.linkerd.io/HTTPRoute': `${LINKERD}/httproute/`,
  'policy.linkerd.io/EgressNetwork': `${LINKERD}/egress-network/`,
  'policy.linkerd.io/HTTPLocalRateLimitPolicy': `${LINKERD}/rate-limiting/`,
  'linkerd.io/ServiceProfile': `${LINKERD}/service-profiles/`,
  'networking.k8s.io/NetworkPolicy': `${KUBERNETES}/services-networking/network-policies/`,
  'policy/PodDisruptionBudget': `${KUBERNETES}/workloads/pods/disruptions/`,
};

/** Documentation of a suite's topic, for checks that apply no configuration of the mesh. */
const TOPICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  istio: {
    gateway: `${ISTIO}/tasks/traffic-management/ingress/`,
    install: `${ISTIO}/setup/`,
    observability: `${ISTIO}/concepts/observability/`,
    performance: `${ISTIO}/ops/deployment/performance-and-scalability/`,
    resilience: `${ISTIO}/concepts/traffic-management/#network-resilience-and-testing`,
    routing: `${ISTIO}/concepts/traffic-management/`,
    security: `${ISTIO}/concepts/security/`,
    upgrade: `${ISTIO}/setup/upgrade/`,
  },
  linkerd: {
    install: 'https://linkerd.io/2/tasks/install/',
    observability: 'https://linkerd.io/2/features/telemetry/',
    resilience: 'https://linkerd.io/2/features/retries-and-timeouts/',
    routing: 'https://linkerd.io/2/features/request-routing/',
    security: 'https://linkerd.io/2/features/automatic-mtls/',
    upgrade: 'https://linkerd.io/2/tasks/upgrade/',
  },
};

/** Further reading about a check: its own links, the pages of the kinds that it applies, or else the page of its suite. */
export function linksOf({ suite, mesh, kinds = [], links = [] }: CheckResult): Link[] {
  const pages = kinds.flatMap((kind) => {
    const url = PAGES[kind];
    return url === undefined ? [] : [{ name: `${mesh}: ${kind.split('/').at(-1)}`, url }];
  });
  const found = [...links, ...pages];
  const topic = TOPICS[mesh]?.[suite];
  return found.length > 0 || topic === undefined ? found : [{ name: `${mesh}: ${suite}`, url: topic }];
}
