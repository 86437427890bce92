/** A defect that is introduced without the harness's knowledge. */
export interface Defect {
  /** Stem of the manifest in defects/. */
  defect: string;
  /** The checks that must find it; no others may. */
  found: string[];
  /** Matches the promise in their messages. */
  words: RegExp;
}

const row = (defect: string, found: string | string[], words: RegExp): Defect => ({ defect, found: [found].flat(), words });

/** The IDs of checks of the security suite. */
const security = (stems: string): string[] => stems.split(' ').map((stem) => `security/${stem}`);
/** The IDs of checks of the suite chaos. */
const chaos = (stems: string): string[] => stems.split(' ').map((stem) => `chaos/${stem}`);

export const DEFECTS: readonly Defect[] = [
  row(
    'permissive-server',
    [
      ...chaos('hung-proxy-plaintext policies-and-outage'),
      ...security(
        'port-level-container-port port-level-disable port-level-permissive strict-mesh-wide strict-namespace strict-tcp strict-workload',
      ),
    ],
    /no request is delivered|denied at transport level|without an identity/,
  ),
  row('outlier-detection-off', ['resilience/circuit-breaker-ejects', 'resilience/min-health-percent'], /never ejected|exactly .* ejected/),
  row('header-rule-to-v1', 'routing/canary-header', /reaches v2 and no other.*\n.*v1/),
  row('weights-85-15', 'routing/canary-header', /90 % to v1/),
  row('mirror-20-percent', 'routing/mirror-percentage', /10 % of the requests are mirrored/),

  row('header-rule-by-prefix', 'routing/header-exact', /reaches v1 and no other.*\n.*v2/),
  row('regex-ignores-case', 'routing/header-regex', /delivered exactly once/),
  row('ab-test-leaks', 'routing/ab-test', /reaches v1 and no other/),
  row('rollout-95-5', 'routing/weighted-canary', /90 %/),
  row('old-colour-lingers', 'routing/blue-green', /reaches v2 and no other|cut over from v1 to v2/),
  row('prefix-without-slash', 'routing/uri-prefix', /reaches v3 and no other/),
  row('special-rule-first', 'routing/first-match-wins', /reaches v1 and no other/),
  row('mirror-95-percent', 'routing/mirror-all', /delivered exactly once/),
  row('hash-ignored', 'routing/consistent-hash', /answered by one pod/),
  row('least-request-subset', 'routing/subset-round-robin', /answer in turn/),
  row('second-slash-swallowed', 'routing/rewrite-prefix', /arrives with path \/\/cart/),
  row('younger-rule-merged', 'routing/one-host-two-objects', /reaches v2 and no other/),
  row('rule-for-every-caller', 'routing/source-labels', /33\.33 % to v1/),
  row('empty-subset-falls-back', 'routing/missing-subset', /rejection by the proxy with 503 UH/),
  row('calls-at-random', 'routing/grpc-balancing', /answer in turn/),
  row('moved-elsewhere', 'routing/external-name-alias', /arrives with path \/new\/cart/),

  row('route-85-15', 'routing/http-route', /90 % to v1/),
  row('route-falls-back', 'routing/http-route', /rejection by the proxy with 404/),

  row('pool-renewed', 'performance/connection-pooling', /over at most 2 connections/),
  row('proxy-delays-15-ms', 'performance/proxy-overhead', /over the budget: added p50 of the server's proxy/),

  row('injected-without-consent', 'injection/namespace-opt-in', /arrives without an identity/),
  row(
    'identity-for-everybody',
    ['injection/manual-inject', 'injection/namespace-opt-in', 'injection/pod-opt-out'],
    /arrives without an identity/,
  ),
  row('injected-by-hand-unencrypted', 'injection/manual-inject', /arrives as spiffe/),
  row('first-request-lost', 'injection/hold-until-proxy', /every request succeeds/),

  row('proxy-left-behind', 'install/versions-agree', /is 1\.20\.1/),
  row('right-too-many', 'install/preflight', /none matches .*mutatingwebhook/),
  row('component-too-many', 'install/profile-components', /unexpected: istio-egressgateway/),
  row(
    'installation-logs-nothing',
    ['install/operator-file', 'install/set-overrides'],
    /accessLogFile is not set|logs every request|one line for each request/,
  ),

  row('timeout-20-percent-late', 'resilience/timeout', /times out in the proxy with 504.*\n.*200/),
  row('retry-too-many', 'resilience/retries', /delivered 5 times/),
  row('try-20-percent-late', 'resilience/per-try-timeout', /at most 2350 ms/),
  row('conflict-retried', 'resilience/retry-status-codes', /delivered exactly once/),
  row('post-retried', 'resilience/retry-safety', /delivered more than once/),
  row('pool-one-too-many', 'resilience/pool-overflow', /exactly 28 of 30/),
  row('http2-one-too-few', 'resilience/http2-max-requests', /exactly 30 of 50/),
  row('three-requests-per-connection', 'resilience/requests-per-connection', /20 connections, 2 on each/),
  row('delay-10-percent-short', 'resilience/fault-delay', /at least 5000 ms/),
  row('abort-20-percent', 'resilience/fault-abort', /500 FI: 10 %/),
  row('rare-delay-1-percent', 'resilience/fault-rare-delay', /0.1 % delayed/),
  row('rate-limit-one-too-generous', 'resilience/rate-limit-sidecar', /passed without a token/),
  row('two-of-three-ejected', 'resilience/max-ejection-percent', /exactly 1 of 3 endpoints ejected/),
  row('gateway-counts-500', 'resilience/gateway-errors', /exactly 0 of 3 endpoints ejected/),
  row('no-minimum-of-healthy', 'resilience/min-health-percent', /exactly .* ejected/),
  row('retired-field-acts', 'resilience/consecutive-errors', /exactly no endpoint ejected/),

  row(
    'secret-copy',
    ['observability/proxy-stats', 'observability/service-graph', 'observability/tracing'],
    /90 requests counted, 0 requests in its ledger|caller → mirror has|trace/,
  ),
  row('edge-astray', 'observability/service-graph', /other → server-v2 is missing/),
  row('trace-torn', 'observability/tracing', /100× 2 traces/),
  row('one-workload-unlogged', 'observability/access-log', /30 requests without a line/),
  row('gateway-takes-any-host', 'gateway/gateway-host-and-prefix', /rejection by the proxy with 404 NR/),
  row('redirect-drops-query', 'gateway/https-redirect', /301 to https:\/\/api\.example\.com\/v1\/orders\?id=7/),
  row('gateway-token-too-many', 'resilience/rate-limit-gateway', /passed without a token/),
  row('stranger-is-listed', 'gateway/registry-only', /rejection by the proxy with 502/),
  row('gateway-answers-any-name', 'gateway/gateway-tls', /denied at transport level/),
  row('around-the-egress-gateway', 'gateway/egress-gateway', /logs each request once.*partner\.example\.com/),
  row('whole-domain-listed', 'gateway/service-entry-https', /denied at transport level.*10× 200/s),
  row('database-cut-off', 'gateway/service-entry-tcp', /every request succeeds/),
  row('sni-astray', 'gateway/tls-passthrough', /certificate/),
  row('captured-name-astray', 'gateway/dns-capture', /60 never delivered/),

  row('another-method-allowed', security('allow-principal-method-path request-principal'), /denied with 403|403/),
  row('another-namespace-allowed', security('allow-namespace allow-principal-method-path deny-admin-path deny-all'), /403/),
  row('another-account-allowed', security('allow-principal-method-path deny-all'), /denied with 403/),
  row('writing-allowed', security('claim-group deny-all'), /denied with 403/),
  row('slashes-merged-late', security('deny-admin-path'), /under \/admin\//),
  row('claimed-identity-passed-on', security('forged-identity'), /no request arrives with/),
  row('authorizer-fails-open', security('external-authorization'), /rejection by the proxy with 403/),
  row('audience-not-checked', security('jwt-validation'), /rejection by the proxy with 403 JWT/),
  row('token-passed-on', security('jwt-forward'), /no request arrives with/),
  row(
    'token-lost',
    security('claim-group jwks-rotation jwt-forward jwt-validation request-principal'),
    /succeeds|with authorization|rejection by the proxy/,
  ),

  row('retries-lost', chaos('crashed-endpoint deaf-endpoint vanished-endpoint'), /every request succeeds/),
  row('ejection-never-ends', chaos('endpoint-cut-off'), /no endpoint ejected/),
  row('cut-off-not-ejected', chaos('endpoint-cut-off hung-proxy'), /succeed/),
  row('all-ejected-for-long', chaos('all-cut-off'), /succeed.*503 UH/s),
  row('plaintext-while-starting', chaos('new-pod-plaintext'), /no request is delivered/),
  row('plaintext-after-crash', chaos('crashed-proxy-plaintext'), /no request is delivered/),
  row('policy-fails-open', chaos('policies-and-outage'), /denied with 403.*200/s),
  row('route-lost-in-outage', chaos('control-plane-down'), /reaches v2 and no other.*v1/s),
  row('gone-endpoint-used', chaos('disruption-budget rolling-update'), /every request succeeds/),
  row('everybody-meets-the-canary', chaos('control-plane-slow routes-and-rollout'), /reaches v1 and no other|cut over/),
  row('slow-endpoint-gets-as-much', chaos('slow-endpoint'), /less than/),
  row('slow-version-gets-15', chaos('weights-and-latency'), /90 %/),
  row('post-redelivered', chaos('lost-answers'), /at most once/),
  row('mirror-answers', chaos('mirror-hangs'), /every request succeeds/),
  row('retries-without-limit', chaos('retry-storm'), /400 to 440/),

  row(
    'mtls-off',
    security(
      'allow-namespace allow-principal-method-path deny-admin-path forged-identity identity-certificate permissive-accepts-both port-level-container-port port-level-disable port-level-permissive strict-mesh-wide strict-namespace strict-tcp strict-workload wire-is-encrypted',
    ),
    /./,
  ),
];
