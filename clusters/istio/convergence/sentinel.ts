import { randomBytes } from 'node:crypto';

import type { Manifest } from '../../kubernetes/manifest.ts';

/** The name of the sentinel object of a namespace. It is never removed, because that would only cause another push. */
export const SENTINEL_NAME = 'meshproof-sentinel';

/** A prefix for cluster names that no proxy has yet; each sentinel of one wait appends another number. */
export function newSentinelPrefix(): string {
  return `${SENTINEL_NAME}-${randomBytes(8).toString('hex')}-`;
}

/** An object that becomes visible in a proxy's clusters once the proxy has received a push that contains it. */
export interface Sentinel {
  kind: string;
  /** @param name a name that no proxy knows yet */
  object: (namespace: string, name: string) => Manifest;
  /** A regular expression (RE2) for the full names of the clusters created from names with this prefix. */
  clusters: (prefix: string) => string;
}

/**
 * An EnvoyFilter that gives every proxy of its namespace one cluster without endpoints, which nothing routes to.
 *
 * It is an EnvoyFilter and not, for example, a ServiceEntry for these reasons: a Sidecar resource cannot hide it; it affects only the
 * proxies of its own namespace; it adds no listener, route or host name; and since clusters cannot be pushed incrementally for it, istiod
 * sends all clusters, listeners, routes and extension configurations again, so whatever a proxy has rejected before, it visibly rejects
 * again.
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

/** The port of its listener, which nothing calls, and the domain of its host, which nothing resolves. */
const PORT = 9;
const DOMAIN = 'sentinel.invalid';

/**
 * A ServiceEntry, for clusters whose policies reject EnvoyFilters. Only its host changes, so only routes and clusters change; the listener
 * that it adds stays the same. Extension configurations are not sent again for it.
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
