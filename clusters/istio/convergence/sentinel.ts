import { randomBytes } from 'node:crypto';

import type { Manifest } from '../../kubernetes/manifest.ts';

/** The name of the one sentinel object of a namespace. It stays there: removing it would only cause another push. */
export const SENTINEL_NAME = 'meshproof-sentinel';

/** The beginning of cluster names that no proxy has yet; each sentinel placed for one purpose appends another number. */
export function newSentinelPrefix(): string {
  return `${SENTINEL_NAME}-${randomBytes(8).toString('hex')}-`;
}

/** An object that shows in a proxy's clusters when that has received a push with it. */
export interface Sentinel {
  kind: string;
  /** @param name that no proxy knows yet */
  object: (namespace: string, name: string) => Manifest;
  /** The whole names of the clusters that it makes of names with this prefix, as a regular expression (RE2). */
  clusters: (prefix: string) => string;
}

/**
 * An EnvoyFilter that gives every proxy of its namespace one cluster without endpoints that nothing routes to.
 *
 * Why an EnvoyFilter and not, say, a ServiceEntry: a Sidecar resource cannot hide it; it reaches only the proxies of its own namespace;
 * it adds no listener, route or name; and since clusters cannot be pushed incrementally for it, istiod sends all clusters, listeners,
 * routes and extension configurations again, so whatever a proxy has rejected before is rejected again within our sight.
 */
export const FILTER_SENTINEL: Sentinel = {
  kind: 'EnvoyFilter',
  object(namespace, name) {
    const value = { name, type: 'STATIC', connect_timeout: '1s' };
    const configPatches = ['SIDECAR_OUTBOUND', 'GATEWAY'].map((context) => ({
      applyTo: 'CLUSTER',
      match: { context },
      patch: { operation: 'ADD', value },
    }));
    return sentinel('networking.istio.io/v1alpha3', 'EnvoyFilter', namespace, { configPatches });
  },
  clusters: (prefix) => `${prefix}\\d+`,
};

/** The port of its listener, which nobody calls, and the end of its host, which nobody resolves. */
const PORT = 9;
const DOMAIN = 'sentinel.invalid';

/**
 * A ServiceEntry, for clusters whose policies refuse EnvoyFilters. Its host changes, so that only routes and clusters do; the listener that it
 * adds stays as it is. Extension configurations are not sent again for it.
 */
export const ENTRY_SENTINEL: Sentinel = {
  kind: 'ServiceEntry',
  object: (namespace, name) =>
    sentinel('networking.istio.io/v1beta1', 'ServiceEntry', namespace, {
      hosts: [`${name}.${DOMAIN}`],
      exportTo: ['.'],
      location: 'MESH_EXTERNAL',
      resolution: 'STATIC',
      ports: [{ number: PORT, name: 'http-sentinel', protocol: 'HTTP' }],
      endpoints: [{ address: '127.0.0.1' }],
    }),
  clusters: (prefix) => `outbound\\|${PORT}\\|\\|${prefix}\\d+\\.${DOMAIN.replace('.', '\\.')}`,
};

function sentinel(apiVersion: string, kind: string, namespace: string, spec: Record<string, unknown>): Manifest {
  const labels = { 'app.kubernetes.io/managed-by': 'meshproof' };
  return { apiVersion, kind, metadata: { name: SENTINEL_NAME, namespace, labels }, spec };
}
