import { expect, test } from '@playwright/test';

import type { Assumption } from '../../clusters/mesh/assumptions.ts';
import { mtls, object, policy, RIG, ROOT, why, type Given } from './standing.ts';

const IN_THE_WAY: [what: string, given: Given, assumes: Assumption, reason: string][] = [
  [
    'a DENY',
    { objects: [policy({ action: 'DENY', rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }] }, { name: 'no-admin' })] },
    'mutual-tls',
    `${ROOT} has AuthorizationPolicy no-admin: it denies requests, and this check needs requests that no policy or route of others affects`,
  ],
  [
    'a DENY by negation',
    { objects: [policy({ action: 'DENY', rules: [{ from: [{ source: { notNamespaces: ['shop'] } }] }] })] },
    'mutual-tls',
    `${ROOT} has AuthorizationPolicy default: it denies requests`,
  ],
  [
    'an authorizer',
    { objects: [policy({ action: 'CUSTOM', provider: { name: 'oauth' }, rules: [{}] })] },
    'mutual-tls',
    'an external authorizer decides',
  ],
  [
    'another ALLOW',
    { objects: [policy({ rules: [{}] })] },
    'own-policies',
    'it allows requests, and this check needs its own policies alone to decide which requests are allowed',
  ],
  [
    'STRICT in the namespace itself',
    { objects: [mtls('STRICT', { namespace: RIG })] },
    'plaintext',
    `${RIG} has PeerAuthentication default: STRICT, and this check needs callers without a proxy to be admitted`,
  ],
  ['any policy of the mesh', { objects: [mtls('PERMISSIVE')] }, 'open-mesh', `${ROOT} has PeerAuthentication default, and`],
  ['no automatic mutual TLS', { config: { enableAutoMtls: false } }, 'mutual-tls', 'MeshConfig has enableAutoMtls: false'],
  [
    'slashes are merged',
    { config: { pathNormalization: { normalization: 'MERGE_SLASHES' } } },
    'paths-as-sent',
    'MeshConfig has pathNormalization: MERGE_SLASHES, and this check needs proxies that leave paths unchanged',
  ],
  [
    'another retry policy',
    { config: { defaultHttpRetryPolicy: { attempts: 5 } } },
    'default-retries',
    'MeshConfig has defaultHttpRetryPolicy: {"attempts":5}',
  ],
  ['keys are fetched rarely', { environment: {} }, 'fresh-keys', 'istiod fetches the keys of token issuers every 20m0s'],
  [
    'keys are fetched by proxies',
    { environment: { PILOT_JWT_ENABLE_REMOTE_JWKS: 'envoy' } },
    'token-keys',
    'istiod has PILOT_JWT_ENABLE_REMOTE_JWKS=envoy',
  ],
  [
    'short certificates',
    { config: { defaultConfig: { proxyMetadata: { SECRET_TTL: '1h' } } } },
    'daily-certificates',
    'MeshConfig has proxyMetadata.SECRET_TTL: 1h',
  ],
  [
    'DNS capture',
    { config: { defaultConfig: { proxyMetadata: { ISTIO_META_DNS_CAPTURE: 'true' } } } },
    'cluster-names',
    'ISTIO_META_DNS_CAPTURE',
  ],
  [
    'a log without ids',
    { config: { accessLogFormat: '%RESPONSE_CODE%\n' } },
    'log-fields',
    'MeshConfig has an access log format without id, method',
  ],
  [
    'other metrics',
    { objects: [object('Telemetry', { metrics: [{ overrides: [] }] })] },
    'default-metrics',
    `${ROOT} has Telemetry default: metrics`,
  ],
  [
    "an authorizer of the owner's own",
    { config: { extensionProviders: [{ name: 'authorizer', envoyExtAuthzHttp: { service: 'opa.shop.svc.cluster.local' } }] } },
    'authorizer',
    'MeshConfig has no authorizer.security.example among its extensionProviders',
  ],
  ['a suffix of shadows', { environment: { DISABLE_SHADOW_HOST_SUFFIX: 'false' } }, 'mirrored-host', 'DISABLE_SHADOW_HOST_SUFFIX=false'],
  [
    'a Sidecar in the namespace itself',
    { objects: [object('Sidecar', { egress: [{ hosts: ['./*'] }] }, { namespace: RIG })] },
    'mutual-tls',
    `${RIG} has Sidecar default: it hides namespaces of the rig from each other`,
  ],
];

for (const [what, given, assumes, reason] of IN_THE_WAY) {
  test(`Reports an obstacle, naming the object and namespace or the setting: ${what}`, () => {
    expect(why(given, assumes)).toContain(reason);
  });
}
