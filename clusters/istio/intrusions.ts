import type { Manifest } from '../kubernetes/manifest.ts';
import { isObject } from '../kubernetes/merge-patch.ts';
import type { Confines } from '../mesh/facts.ts';

/** A VirtualService or ServiceEntry affects the proxies of every namespace that it is exported to; by default that is all of them. */
export const EXPORTED_KINDS = [
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'ServiceEntry'],
] as const;

/**
 * Describes how objects outside a rig affect its proxies: those that are exported to the rig and name a host of the rig or its check.
 * @param own objects of the rig and of its check, each with its namespace
 */
export function intrusionsOf(
  others: readonly Manifest[],
  own: readonly Manifest[],
  { namespaces }: Pick<Confines, 'namespaces'>,
): string[] {
  const hosts = [...new Set(own.flatMap(hostsOf))];
  return others.flatMap((object) => {
    const { kind, metadata } = object;
    if (namespaces.has(metadata.namespace ?? '') || !isFor(specOf(object), namespaces)) return [];
    const patterns = hostsOf(object);
    const taken = hosts.filter((host) => patterns.some((pattern) => matches(pattern, host)));
    if (taken.length === 0) return [];
    return [`${kind} ${metadata.namespace}/${metadata.name} is exported to the rig and names ${taken.slice(0, 3).join(', ')}`];
  });
}

/** Whether the proxies of these namespaces see the object: it is exported to them, and applies to sidecars or to one of their gateways. */
function isFor({ exportTo, gateways }: Record<string, unknown>, namespaces: ReadonlySet<string>): boolean {
  const exported = textsIn(exportTo);
  const at = textsIn(gateways);
  return (
    (exported.length === 0 || exported.some((name) => name === '*' || namespaces.has(name))) &&
    (at.length === 0 || at.some((name) => name === 'mesh' || namespaces.has(name.split('/')[0] ?? '')))
  );
}

/** The hosts of an object: those that it names, or the names of a Service. A short name belongs to the object's namespace. */
function hostsOf(object: Manifest): string[] {
  const { kind, metadata } = object;
  const { hosts, host, hostnames } = specOf(object);
  const named = kind === 'Service' ? [metadata.name] : [...textsIn(hosts), ...textsIn(hostnames), ...textsIn([host])];
  return named.map((name) => (/[.*]/.test(name) ? name : `${name}.${metadata.namespace}.svc.cluster.local`));
}

/** As in Istio, a wildcard matches any number of leading labels. */
function matches(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*') && host.endsWith(pattern.slice(1)));
}

const specOf = ({ spec }: Manifest): Record<string, unknown> => (isObject(spec) ? spec : {});

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
