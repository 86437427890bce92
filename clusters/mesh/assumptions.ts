/**
 * What a check may assume about the mesh, as the completion of "this check needs …". The owner of a mesh may have configured it
 * differently.
 */
export const ASSUMPTIONS = {
  plaintext: 'callers without a proxy to be admitted',
  'mutual-tls': 'automatic mutual TLS between proxies',
  'open-mesh': 'a mesh without a mutual TLS policy for all namespaces',
  'own-policies': 'its own policies alone to decide which requests are allowed',
  'log-fields': 'access log lines with the request, the response and the upstream',
  'quiet-logs': 'proxies that do not log requests by default',
  'default-metrics': 'the default metrics of the mesh',
  'unlisted-hosts': 'hosts that the mesh does not list to be reachable',
  'paths-as-sent': 'proxies that leave paths unchanged',
  'default-retries': 'the default retry policy',
  'token-keys': 'the control plane to fetch the keys of a token issuer in the cluster',
  'fresh-keys': 'the keys of a token issuer to be refreshed within seconds',
  'daily-certificates': 'workload certificates of the default lifetime',
  'cluster-names': 'names to be resolved by the cluster DNS alone',
  authorizer: 'an external authorizer that policies can name',
  'mirrored-host': 'mirrored requests that keep their host',
} as const;

/**
 * The name of an assumption. What every check needs is not included: requests that policies and routes of others neither deny nor divert.
 */
export type Assumption = keyof typeof ASSUMPTIONS;
