import type { Manifest } from '../kubernetes/manifest.ts';
import type { Confines } from '../mesh/facts.ts';
import { isObject } from '../kubernetes/merge-patch.ts';

/** The annotation of a Service that corresponds to `exportTo` in the mesh's own kinds: namespaces, separated by commas. */
export const EXPORT_TO = 'networking.istio.io/exportTo';

const EXPORTED = new Set(['ServiceEntry', 'VirtualService', 'DestinationRule']);
const MESH_GROUP = /^((networking|security|telemetry|extensions)\.istio\.io|gateway\.networking\.k8s\.io)\//;
/** An Ingress applies to the ingress gateway in the mesh configuration, and a GatewayClass to everyone. */
const OF_THE_CLUSTER = /^(networking\.k8s\.io\/\S+ Ingress|gateway\.networking\.k8s\.io\/\S+ GatewayClass)$/;
/** The label keys by which Istio's own gateways, and so most owners' Gateways, are selected. */
const USUAL_LABELS = ['istio', 'app'];

/**
 * Describes which objects of a check would affect proxies outside its rig, and how to fix each. An object affects the proxies in its
 * namespace, so it is enough to examine its namespace and the fields by which it affects more.
 */
export function reachesOf(objects: readonly Manifest[], confines: Confines): string[] {
  return objects.flatMap((object) => {
    const name = `${object.kind} ${object.metadata.name}`;
    return [...placeOf(object, confines), ...fieldsOf(object, confines)].map((words) => `${name} ${words}`);
  });
}

function placeOf({ apiVersion, metadata: { namespace } }: Manifest, { namespaces }: Confines): string[] {
  if (!MESH_GROUP.test(apiVersion) || namespace === undefined || namespaces.has(namespace)) return [];
  return [`is in ${namespace}, outside the rig; a check that needs this must set exclusive: 'mesh-wide'`];
}

function fieldsOf(object: Manifest, confines: Confines): string[] {
  const { apiVersion, kind, metadata } = object;
  const spec = isObject(object['spec']) ? object['spec'] : {};
  if (kind === 'Service' && apiVersion === 'v1') {
    const names = metadata.annotations?.[EXPORT_TO]?.split(',').map((name) => name.trim());
    return exportOf(names, confines, `the annotation ${EXPORT_TO}: '.'`);
  }
  if (apiVersion.startsWith('networking.istio.io/')) {
    if (EXPORTED.has(kind)) return exportOf(spec['exportTo'], confines, "exportTo: ['.'] to its spec");
    return kind === 'Gateway' ? selectorOf(spec['selector'], confines) : [];
  }
  if (OF_THE_CLUSTER.test(`${apiVersion} ${kind}`))
    return ["acts on gateways of the whole cluster; a check that needs this must set exclusive: 'mesh-wide'"];
  if (apiVersion.startsWith('gateway.networking.k8s.io/')) return [...parentsOf(spec, confines), ...addressesOf(spec, confines)];
  return gatewayPodsOf(spec, confines);
}

function exportOf(value: unknown, { namespaces }: Confines, remedy: string): string[] {
  if (!Array.isArray(value) || value.length === 0) return [`is exported to every namespace; add ${remedy}`];
  const others = value.filter((name) => name !== '.' && name !== '~' && !namespaces.has(String(name)));
  return others.length === 0 ? [] : [`is exported to ${others.join(', ')}, outside the rig; name the rig's namespaces, or '.' for its own`];
}

function selectorOf(selector: unknown, { rig }: Confines): string[] {
  const values = isObject(selector) ? Object.values(selector) : [];
  if (values.some((value) => textOf(value).includes(rig))) return [];
  return [
    'selects gateway pods of every namespace; add a label of the rig to its selector, e.g. meshproof.dev/ingressgateway: $(NAMESPACE)',
  ];
}

/** A route affects what it names as its parents: gateways, or the callers of Services. */
function parentsOf({ parentRefs }: Record<string, unknown>, { namespaces }: Confines): string[] {
  const parents = Array.isArray(parentRefs) ? parentRefs.filter(isObject) : [];
  const others = parents.map(({ namespace }) => textOf(namespace)).filter((name) => name !== '' && !namespaces.has(name));
  return others.map((name) => `has a parent in ${name}, outside the rig; use one in the rig`);
}

/** A Gateway with addresses gets no pods of its own: it affects the pods behind the Services that it names. */
function addressesOf({ addresses }: Record<string, unknown>, { namespaces }: Confines): string[] {
  const hosts = Array.isArray(addresses) ? addresses.filter(isObject).map(({ value }) => textOf(value)) : [];
  const others = hosts.filter((host) => !namespaces.has(host.split('.')[1] ?? ''));
  return others.map((host) => `acts on the pods behind ${host}; name a Service as <name>.$(NAMESPACE).svc.$(CLUSTER_DOMAIN)`);
}

/** The reverse case: the mesh owner's Gateways may select gateway pods that carry a common label. */
function gatewayPodsOf({ template }: Record<string, unknown>, { rig }: Confines): string[] {
  const { metadata } = isObject(template) ? template : {};
  const { labels, annotations } = isObject(metadata) ? metadata : {};
  const templates = isObject(annotations) ? textOf(annotations['inject.istio.io/templates']) : '';
  if (!templates.split(',').includes('gateway') || !isObject(labels)) return [];
  const usual = USUAL_LABELS.filter((key) => labels[key] !== undefined && !textOf(labels[key]).includes(rig));
  return usual.map(
    (key) => `has gateway pods that Gateways of others may select; use a label with $(NAMESPACE) instead of the label ${key}`,
  );
}

/** Other types are rejected by the validation against the schemas. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
