import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { MESHED_APPS } from '../../rigs/rig.ts';
import { isForAll, meshedOf, ofKind, selectorOf, specOf, type Place, type Settle } from './standing.ts';

// Each remedy undoes one setting in the namespaces of a rig. If a check configures the same thing itself, its own object is kept.

const SECURITY = 'security.istio.io/v1beta1';
const NETWORKING = 'networking.istio.io/v1beta1';
const TELEMETRY = 'telemetry.istio.io/v1alpha1';

/** Accepts plaintext unless a policy of the check says otherwise; proxies still use mutual TLS between each other. */
export function permissive(place: Place): Settle {
  return inEach(meshedOf(place), (namespace, objects) =>
    ofKind(objects, 'PeerAuthentication', namespace).some(isForAll)
      ? []
      : [object(SECURITY, 'PeerAuthentication', 'meshproof-permissive', namespace, { mtls: { mode: 'PERMISSIVE' } })],
  );
}

/** Allows requests to workloads that none of the check's own policies select. */
export function allowed(place: Place): Settle {
  return inEach(meshedOf(place), (namespace, objects) => {
    const deciding = ofKind(objects, 'AuthorizationPolicy', namespace).filter((policy) => isAllowing(policy));
    if (deciding.some(isForAll)) return [];
    const allow = (name: string, labels: Record<string, unknown>): Manifest =>
      object(SECURITY, 'AuthorizationPolicy', name, namespace, {
        ...(Object.keys(labels).length === 0 ? {} : { selector: { matchLabels: labels } }),
        action: 'ALLOW',
        rules: [{}],
      });
    if (deciding.length === 0) return [allow('meshproof-allow', {})];
    // Selectors cannot exclude workloads, so each of the other workloads has a policy of its own.
    const apps: readonly string[] = namespace === place.rig ? MESHED_APPS.rig : MESHED_APPS.neighbour;
    const decided = new Set(deciding.map((policy) => selectorOf(policy)['app']));
    const others = [...apps.filter((app) => !decided.has(app)).map((app) => [app, { app }] as const), ...workloadsIn(objects, namespace)];
    return others.map(([name, labels]) => allow(`meshproof-allow-${name}`, labels));
  });
}

/** Limits the proxies' view to the namespaces of the rig and of the check. */
export function reaching(place: Place): Settle {
  const known = [place.rig, place.neighbour, place.unmeshed];
  return (objects) => {
    const made = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
    // A workload of the check may have a proxy in a namespace that injects none.
    const used = objects.filter(({ kind }) => kind === 'Deployment').map(({ metadata: { namespace = place.rig } }) => namespace);
    const hosts = [...known, ...made].map((namespace) => `${namespace}/*`);
    return inEach([...new Set([...meshedOf(place), ...made, ...used])], (namespace) =>
      ofKind(objects, 'Sidecar', namespace).some(isForAll)
        ? []
        : [
            object(NETWORKING, 'Sidecar', 'meshproof-reach', namespace, {
              egress: [{ hosts }],
              outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
            }),
          ],
    )(objects);
  };
}

/** Overrides rules of the root namespace about how Services are called. */
export function unruled(place: Place): Settle {
  return inEach(meshedOf(place), (namespace) => [
    object(NETWORKING, 'DestinationRule', 'meshproof-unruled', namespace, { host: '*', exportTo: ['.'] }),
  ]);
}

/** Sets fields of the namespace-wide Telemetry resource; only one such resource has an effect. */
export function telemetry(place: Place, fields: Record<string, unknown>): Settle {
  return (objects) =>
    meshedOf(place).reduce<Manifest[]>(
      (all, namespace) => {
        const [own] = ofKind(all, 'Telemetry', namespace).filter(isForAll);
        if (own === undefined) return [...all, object(TELEMETRY, 'Telemetry', 'meshproof-telemetry', namespace, fields)];
        return all.map((one) => (one === own ? { ...one, spec: { ...fields, ...specOf(one) } } : one));
      },
      [...objects],
    );
}

function isAllowing(policy: Manifest): boolean {
  return [undefined, 'ALLOW'].includes(specOf(policy)['action'] as string | undefined);
}

/** The check's own workloads by name, with the labels of their pods. */
function workloadsIn(objects: readonly Manifest[], namespace: string): [string, Record<string, unknown>][] {
  return ofKind(objects, 'Deployment', namespace).flatMap((workload): [string, Record<string, unknown>][] => {
    const { selector } = specOf(workload);
    const labels = isObject(selector) ? selector['matchLabels'] : undefined;
    return isObject(labels) ? [[workload.metadata.name, labels]] : [];
  });
}

function inEach(namespaces: readonly string[], remedy: (namespace: string, objects: readonly Manifest[]) => Manifest[]): Settle {
  return (objects) => [...objects, ...namespaces.flatMap((namespace) => remedy(namespace, objects))];
}

function object(apiVersion: string, kind: string, name: string, namespace: string, spec: Record<string, unknown>): Manifest {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}
