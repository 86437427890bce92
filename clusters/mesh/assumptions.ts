/**
 * What the promise of a check takes for granted of the mesh around its rig, each as it completes "this check needs …". Whoever installed a mesh may
 * have chosen otherwise.
 */
export const ASSUMPTIONS = {
  plaintext: 'callers without a proxy to be let in',
  'mutual-tls': 'proxies that use mutual TLS among each other by themselves',
  'open-mesh': 'a mesh that has no policy of mutual TLS for all namespaces',
  'own-policies': 'requests to be allowed by its own policies alone',
  'log-fields': 'access log lines that tell request, answer and upstream',
  'quiet-logs': 'proxies that log requests only when they are told to',
  'default-metrics': 'metrics that are reported as the mesh does by itself',
  'paths-as-sent': 'paths that no proxy changes',
  'default-retries': 'the default retry policy',
  'token-keys': 'the control plane to fetch the keys of a token issuer in the cluster',
  'fresh-keys': 'the keys of a token issuer to be fetched again within seconds',
  'daily-certificates': 'workload certificates of the default lifetime',
  'cluster-names': 'names that only the DNS of the cluster resolves',
  authorizer: 'an external authorizer that policies can name',
  'mirrored-host': 'mirrored requests that keep their host',
} as const;

/** One of them by name. What every check needs is not among them: requests that are neither denied nor led astray by policies of others. */
export type Assumption = keyof typeof ASSUMPTIONS;
