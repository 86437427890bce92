import { randomInt } from 'node:crypto';

import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { ACTOR_LABEL, SAMPLE_PORTS } from '../../rigs/rig.ts';

/** The name of the sentinel of each kind in a namespace. Sentinels are kept, and each later wait changes those that it needs. */
export const SENTINEL_NAME = 'meshproof-sentinel';
export const SENTINEL_PORT = SAMPLE_PORTS.sentinel;

const GROUP = 'policy.linkerd.io';
/** No traffic reaches this port; a proxy's log distinguishes the two values. */
const ACCESS = ['all-unauthenticated', 'cluster-unauthenticated'] as const;

/** Kinds that configure the inbound side of a pod; the control plane watches each of them separately. */
export const INBOUND_KINDS = [
  'Server',
  'ServerAuthorization',
  'AuthorizationPolicy',
  'MeshTLSAuthentication',
  'NetworkAuthentication',
  'HTTPLocalRateLimitPolicy',
  'HTTPRoute',
] as const;
export type InboundKind = (typeof INBOUND_KINDS)[number];

export interface Sentinel {
  objects: Manifest[];
  /** What a proxy's policy of the sentinel's port contains once it has all of them. */
  shown: string[];
}

/** The kinds among the objects that affect the inbound side, by the namespaces of its pods. */
export function inboundKinds(objects: readonly Manifest[], namespace: string): Map<string, Set<InboundKind>> {
  const found = new Map<string, Set<InboundKind>>();
  for (const { apiVersion, kind, metadata, spec } of objects) {
    const known = INBOUND_KINDS.find((one) => one === kind);
    if (known === undefined || !apiVersion.startsWith(`${GROUP}/`) || (kind === 'HTTPRoute' && !isOfServers(spec))) continue;
    const place = metadata.namespace ?? namespace;
    found.set(place, (found.get(place) ?? new Set()).add(known));
  }
  return found;
}

/** Whether a route affects the inbound side. Assumed if the route is gone and its spec unknown. */
function isOfServers(spec: unknown): boolean {
  const parents = isObject(spec) && Array.isArray(spec['parentRefs']) ? spec['parentRefs'].filter(isObject) : [];
  return parents.length === 0 || parents.some(({ kind }) => kind === 'Server');
}

/**
 * Objects of the same kinds as those that were applied, applied after them, for a port of the samples on which nothing listens. The control
 * plane receives all objects of a kind in one stream, in order: once it has sent a proxy the sentinel of a kind, it knows all objects
 * applied before.
 * @param server the current Server of the sentinel, or undefined
 */
export function sentinelOf(kinds: ReadonlySet<InboundKind>, namespace: string, server: Manifest | undefined): Sentinel {
  const number = randomInt(2 ** 16, 2 ** 31);
  /** Each kind has its own token, because one kind proves nothing about another. */
  const token = (of: string): string => `${SENTINEL_NAME}-${number.toString(16)}-${of}`;
  const before = (server?.['spec'] as { accessPolicy?: string } | undefined)?.accessPolicy;
  const access = before === ACCESS[0] ? ACCESS[1] : ACCESS[0];
  const cidr = `fd00::${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
  const object = (version: string, kind: InboundKind, spec: object, name = SENTINEL_NAME): Manifest => ({
    apiVersion: `${GROUP}/${version}`,
    kind,
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'meshproof' } },
    spec,
  });
  const target = { group: GROUP, kind: 'Server', name: SENTINEL_NAME };
  const policy = (ref: object, of = ''): Manifest =>
    object('v1alpha1', 'AuthorizationPolicy', { targetRef: target, requiredAuthenticationRefs: [ref] }, `${SENTINEL_NAME}${of}`);
  const podSelector = { matchExpressions: [{ key: ACTOR_LABEL, operator: 'Exists' }] };
  const port: Manifest = object('v1beta3', 'Server', { podSelector, port: SENTINEL_PORT, accessPolicy: access });
  const making: Record<Exclude<InboundKind, 'Server'>, Sentinel> = {
    ServerAuthorization: {
      objects: [
        object('v1beta1', 'ServerAuthorization', {
          server: { name: SENTINEL_NAME },
          client: { meshTLS: { identities: [token('client')] } },
        }),
      ],
      shown: [token('client')],
    },
    AuthorizationPolicy: { objects: [policy({ kind: 'ServiceAccount', name: token('account') })], shown: [token('account')] },
    MeshTLSAuthentication: {
      objects: [
        object('v1alpha1', 'MeshTLSAuthentication', { identities: [token('identity')] }),
        policy({ ...target, kind: 'MeshTLSAuthentication' }, '-identity'),
      ],
      shown: [token('identity')],
    },
    NetworkAuthentication: {
      objects: [
        object('v1alpha1', 'NetworkAuthentication', { networks: [{ cidr: `${cidr}/128` }] }),
        policy({ ...target, kind: 'NetworkAuthentication' }, '-network'),
      ],
      shown: [cidr],
    },
    HTTPLocalRateLimitPolicy: {
      objects: [object('v1alpha1', 'HTTPLocalRateLimitPolicy', { targetRef: target, total: { requestsPerSecond: number } })],
      shown: [String(number)],
    },
    HTTPRoute: {
      objects: [
        object('v1beta3', 'HTTPRoute', { parentRefs: [target], rules: [{ matches: [{ path: { value: `/${token('route')}` } }] }] }),
      ],
      shown: [token('route')],
    },
  };
  const others = [...kinds].filter((kind) => kind !== 'Server').map((kind) => making[kind]);
  return { objects: [port, ...others.flatMap(({ objects }) => objects)], shown: [`"${access}"`, ...others.flatMap(({ shown }) => shown)] };
}
