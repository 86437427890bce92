import { randomBytes } from 'node:crypto';

import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import type { CallerAnswer } from '../../mesh/adapter.ts';
import { OWN_PATHS, SAMPLE_PORTS } from '../../rigs/rig.ts';

/** An unused address (TEST-NET-2): a marker at an EgressNetwork is answered by the caller's proxy, which connects to nothing. */
const OUTSIDE = '198.51.100.7';
const PROFILE_TIMEOUT = '50ms';

/** A request that shows whether a route or a profile is in effect: an address, a path that no check uses, and the expected response. */
export interface Marker {
  /** The object that contains the marker, as named in messages. */
  of: string;
  host: string;
  port: number;
  path: string;
  kind: 'route' | 'profile';
  /** The only namespace whose callers the object affects; undefined: callers of every namespace. */
  within?: string;
}

/**
 * Gives each route of callers, and each profile, an additional rule for a path that is never used twice. A caller's proxy that applies the
 * object answers that path itself: for a route with a redirect, for a profile with a timeout. The exact path is more specific than any rule
 * of a check, and is below the paths that samples do not record.
 */
export function marked(objects: readonly Manifest[]): Manifest[] {
  return objects.map((object) => {
    const { spec } = object;
    if (!isObject(spec)) return object;
    if (isProfile(object)) {
      const routes = Array.isArray(spec['routes']) ? spec['routes'] : [];
      const path = `${OWN_PATHS.slow}${randomBytes(8).toString('hex')}`;
      const mark = { name: 'meshproof', condition: { pathRegex: path }, timeout: PROFILE_TIMEOUT };
      return { ...object, spec: { ...spec, routes: [mark, ...routes] } };
    }
    if (!isRoute(object) || parentsOf(spec).length === 0) return object;
    const rules = Array.isArray(spec['rules']) ? spec['rules'] : [];
    return { ...object, spec: { ...spec, rules: [...rules, markerRule(`${OWN_PATHS.quick}${randomBytes(8).toString('hex')}`)] } };
  });
}

const markerRule = (path: string) => ({
  matches: [{ path: { type: 'Exact', value: path } }],
  filters: [{ type: 'RequestRedirect', requestRedirect: { statusCode: 302, hostname: 'marker.meshproof.invalid' } }],
});

/** The markers in objects that `marked` has returned, for each of their parents. */
export function markersOf(objects: readonly Manifest[], namespace: string): Marker[] {
  return objects.flatMap((object): Marker[] => {
    const { spec, kind, metadata } = object;
    const own = metadata.namespace ?? namespace;
    const of = `${kind} ${own}/${metadata.name}`;
    if (!isObject(spec)) return [];
    if (isProfile(object)) {
      const path = textIn(spec['routes'], OWN_PATHS.slow);
      const [name = '', inside = ''] = metadata.name.split('.');
      return path === undefined ? [] : [{ of, host: `${name}.${inside}`, port: SAMPLE_PORTS.http, path, kind: 'profile' }];
    }
    const path = textIn(spec['rules'], OWN_PATHS.quick);
    if (!isRoute(object) || path === undefined) return [];
    return parentsOf(spec).map((parent) => ({ of, path, kind: 'route', ...addressOf(parent, own) }));
  });
}

/** Whether the response came from a proxy that applies the marker's object. */
export function shows({ kind, path }: Marker, answer: CallerAnswer): boolean {
  if (kind === 'route') return answer.status === 302 && (answer.headers['location'] ?? '').endsWith(path);
  return answer.status === 504 && answer.headers['l5d-proxy-error'] !== undefined;
}

const isRoute = ({ apiVersion, kind }: Manifest): boolean =>
  kind === 'HTTPRoute' && /^(policy\.linkerd\.io|gateway\.networking\.k8s\.io)\//.test(apiVersion);
const isProfile = ({ apiVersion, kind }: Manifest): boolean => kind === 'ServiceProfile' && apiVersion.startsWith('linkerd.io/');

/** Parents whose callers a route affects; a Server as parent affects the other side. */
function parentsOf(spec: Record<string, unknown>): Record<string, unknown>[] {
  const parents = Array.isArray(spec['parentRefs']) ? spec['parentRefs'].filter(isObject) : [];
  return parents.filter(({ kind }) => kind === 'Service' || kind === 'EgressNetwork');
}

/**
 * A route in its Service's namespace affects all callers; one in another namespace, or for destinations outside the cluster, affects only
 * callers of its own namespace.
 */
function addressOf({ kind, name, namespace, port }: Record<string, unknown>, own: string): Pick<Marker, 'host' | 'port' | 'within'> {
  const place = typeof namespace === 'string' ? namespace : own;
  const isOutside = kind === 'EgressNetwork';
  return {
    host: isOutside ? OUTSIDE : `${String(name)}.${place}`,
    port: typeof port === 'number' ? port : SAMPLE_PORTS.http,
    ...(isOutside || place !== own ? { within: own } : {}),
  };
}

/** The first string with this prefix anywhere in a value. */
function textIn(value: unknown, beginning: string): string | undefined {
  if (typeof value === 'string') return value.startsWith(beginning) ? value : undefined;
  const members = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  for (const member of members) {
    const found = textIn(member, beginning);
    if (found !== undefined) return found;
  }
  return undefined;
}
