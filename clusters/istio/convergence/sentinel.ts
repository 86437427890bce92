import { randomBytes } from 'node:crypto';

import type { Manifest } from '../../kubernetes/manifest.ts';

/** The name of the one sentinel object of a namespace. It stays there: removing it would only cause another push. */
export const SENTINEL_NAME = 'meshproof-sentinel';

/** The beginning of cluster names that no proxy has yet; each sentinel placed for one purpose appends another number. */
export function newSentinelPrefix(): string {
  return `${SENTINEL_NAME}-${randomBytes(8).toString('hex')}-`;
}

/**
 * An EnvoyFilter that gives every proxy of its namespace one cluster without endpoints that nothing routes to.
 *
 * Why an EnvoyFilter and not, say, a ServiceEntry: a Sidecar resource cannot hide it; it reaches only the proxies of its own namespace;
 * it adds no listener, route or name; and since clusters cannot be pushed incrementally for it, istiod sends all clusters, listeners,
 * routes and extension configurations again, so whatever a proxy has rejected before is rejected again within our sight.
 */
export function sentinel(namespace: string, cluster: string): Manifest {
  const value = { name: cluster, type: 'STATIC', connect_timeout: '1s' };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: SENTINEL_NAME, namespace, labels: { 'app.kubernetes.io/managed-by': 'meshproof' } },
    spec: {
      configPatches: ['SIDECAR_OUTBOUND', 'GATEWAY'].map((context) => ({
        applyTo: 'CLUSTER',
        match: { context },
        patch: { operation: 'ADD', value },
      })),
    },
  };
}
