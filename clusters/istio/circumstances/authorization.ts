import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { allowed } from './remedies.ts';
import { inWords, mayConcernSamples, ofKind, specOf, type Obstacle, type Place, type Standing } from './standing.ts';

/** Ports on which samples receive requests. */
const PORTS = ['8080', '9090', '9000', '80', '443'];

/** Policies that deny requests, or delegate that decision to the owner's server. Nothing in a namespace can allow what they deny. */
export function denials(standing: Standing, place: Place): Obstacle[] {
  const { DENY = [], CUSTOM = [] } = policies(standing, place);
  return [
    ...DENY.filter((policy) => mayMatch(policy, place)).map((policy) => ({ what: inWords(policy, 'it denies requests') })),
    ...CUSTOM.filter((policy) => mayMatch(policy, place)).map((policy) => ({
      what: inWords(policy, 'an external authorizer decides'),
    })),
  ];
}

/** Once a policy allows anything, everything else is denied unless another policy allows it. */
export function allowances(standing: Standing, place: Place): Obstacle[] {
  const { ALLOW = [] } = policies(standing, place);
  return ALLOW.slice(0, 1).map((policy) => ({ what: inWords(policy, 'it denies what no policy allows'), settle: allowed(place) }));
}

/** What policies of others allow stays allowed, even if a check's own policies do not allow it. */
export function foreignAllowances(standing: Standing, place: Place): Obstacle[] {
  const { ALLOW = [] } = policies(standing, place);
  return ALLOW.filter((policy) => mayMatch(policy, place)).map((policy) => ({ what: inWords(policy, 'it allows requests') }));
}

/** The policies that may apply to samples of the rig, by action. */
function policies({ objects, rootNamespace }: Standing, place: Place): Partial<Record<string, Manifest[]>> {
  const found = [rootNamespace, place.rig, place.neighbour].flatMap((namespace) => ofKind(objects, 'AuthorizationPolicy', namespace));
  const actionOf = (policy: Manifest): string => {
    const { action = 'ALLOW' } = specOf(policy);
    return typeof action === 'string' ? action : '';
  };
  return Object.groupBy(found.filter(mayConcernSamples), actionOf);
}

/** Whether a rule of the policy may match a request within the rig. A policy without rules matches none. */
function mayMatch(policy: Manifest, place: Place): boolean {
  const { rules } = specOf(policy);
  return Array.isArray(rules) && rules.filter(isObject).some((rule) => mayRuleMatch(rule, place));
}

function mayRuleMatch({ from, to }: Record<string, unknown>, place: Place): boolean {
  return some(from, 'source', (source) => mayCome(source, place)) && some(to, 'operation', mayGo);
}

/** Whether one alternative of a list holds; a missing list matches everything. */
function some(list: unknown, field: string, holds: (one: Record<string, unknown>) => boolean): boolean {
  if (!Array.isArray(list) || list.length === 0) return true;
  return list.filter(isObject).some((one) => !isObject(one[field]) || holds(one[field]));
}

function mayCome({ namespaces, principals, notNamespaces }: Record<string, unknown>, place: Place): boolean {
  const own = Object.values(place);
  const named = (values: unknown, part: (namespace: string) => string): boolean =>
    !isNonEmpty(values) ||
    values.some(
      (value) =>
        String(value).includes('*') || own.some((namespace) => part(namespace) === value || String(value).includes(part(namespace))),
    );
  if (isNonEmpty(notNamespaces) && own.every((namespace) => notNamespaces.includes(namespace))) return false;
  return named(namespaces, (namespace) => namespace) && named(principals, (namespace) => `/ns/${namespace}/`);
}

function mayGo({ ports }: Record<string, unknown>): boolean {
  return !isNonEmpty(ports) || ports.some((port) => PORTS.includes(String(port)));
}

function isNonEmpty(values: unknown): values is unknown[] {
  return Array.isArray(values) && values.length > 0;
}
