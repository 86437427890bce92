import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { reaching, unruled } from './remedies.ts';
import { inWords, isForAll, meshedOf, ofKind, specOf, type Obstacle, type Place, type Standing } from './standing.ts';

/** What redirects or confines requests of the rig's callers, or changes how they call Services. */
export function routeObstacles(standing: Standing, place: Place): Obstacle[] {
  return [...sidecars(standing, place), ...virtualServices(standing, place), ...destinationRules(standing, place)];
}

/** A Sidecar resource that hides namespaces of the rig from a caller. */
function sidecars({ objects, rootNamespace }: Standing, place: Place): Obstacle[] {
  const oldest = (namespace: string): Manifest[] => ofKind(objects, 'Sidecar', namespace).filter(isForAll).slice(0, 1);
  const own = meshedOf(place).flatMap((namespace) => oldest(namespace).filter((one) => !knowsAll(one, namespace, place)));
  const inherited = oldest(rootNamespace).filter((one) => !meshedOf(place).every((namespace) => knowsAll(one, namespace, place)));
  return [
    ...own.map((one) => ({ what: inWords(one, 'it hides namespaces of the rig from each other') })),
    ...inherited.map((one) => ({ what: inWords(one, 'it hides namespaces from each other'), settle: reaching(place) })),
  ];
}

function knowsAll(sidecar: Manifest, namespace: string, place: Place): boolean {
  const { egress } = specOf(sidecar);
  if (!Array.isArray(egress) || egress.length === 0) return true;
  const hosts = egress.filter(isObject).flatMap(({ hosts: some }) => (Array.isArray(some) ? some.map(String) : []));
  const known = new Set(hosts.filter((host) => host.endsWith('/*')).map((host) => host.slice(0, -2)));
  return known.has('*') || Object.values(place).every((one) => known.has(one) || (one === namespace && known.has('.')));
}

/** Routes in other namespaces for hosts of the rig, which can only be wildcards. */
function virtualServices({ objects, clusterDomain }: Standing, place: Place): Obstacle[] {
  const own = Object.values(place);
  const astray = objects.filter((object) => {
    const { namespace = '' } = object.metadata;
    if (object.kind !== 'VirtualService' || own.includes(namespace)) return false;
    const { hosts, gateways, exportTo } = specOf(object);
    const isForSidecars = !Array.isArray(gateways) || gateways.includes('mesh');
    return isForSidecars && isExported(exportTo, own) && textsOf(hosts).some((host) => isWildcardFor(host, clusterDomain));
  });
  return astray.map((one) => ({ what: inWords(one, 'it routes requests of every namespace'), settle: reaching(place) }));
}

/** Rules of the root namespace, which apply if neither the caller's namespace nor the Service's has one. */
function destinationRules({ objects, rootNamespace, clusterDomain }: Standing, place: Place): Obstacle[] {
  const own = Object.values(place);
  const found = ofKind(objects, 'DestinationRule', rootNamespace).filter((object) => {
    const { host, exportTo } = specOf(object);
    return isExported(exportTo, own) && textsOf([host]).some((one) => isWildcardFor(one, clusterDomain));
  });
  return found.slice(0, 1).map((one) => ({ what: inWords(one, 'it applies to Services of every namespace'), settle: unruled(place) }));
}

function isExported(exportTo: unknown, namespaces: readonly string[]): boolean {
  const names = textsOf(exportTo);
  return names.length === 0 || names.some((name) => name === '*' || namespaces.includes(name));
}

/** Whether a wildcard matches the names of Services, or of the external hosts that checks use. */
function isWildcardFor(host: string, clusterDomain: string): boolean {
  if (host === '*') return true;
  if (!host.startsWith('*.')) return false;
  const end = host.slice(1);
  return ['.svc.', '.'].some((before) => `server.rig${before}${clusterDomain}`.endsWith(end)) || /\.example(\.com|\.internal)?$/.test(host);
}

function textsOf(values: unknown): string[] {
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}
