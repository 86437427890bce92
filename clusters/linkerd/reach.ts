import type { Manifest } from '../kubernetes/manifest.ts';
import { isObject } from '../kubernetes/merge-patch.ts';
import type { Confines } from '../mesh/facts.ts';

const MESH_GROUP = /^((policy\.|multicluster\.)?linkerd\.io|gateway\.networking\.k8s\.io)\//;
/** An Ingress and a GatewayClass apply to controllers of the whole cluster. */
const OF_THE_CLUSTER = /^(networking\.k8s\.io\/\S+ Ingress|gateway\.networking\.k8s\.io\/\S+ GatewayClass)$/;

/**
 * Describes which objects of a check would affect proxies outside its rig, and how to fix each. An object affects the proxies in its
 * namespace and the callers of its Services, so it is enough to examine its namespace and its parents.
 */
export function reachesOf(objects: readonly Manifest[], confines: Confines): string[] {
  return objects.flatMap((object) => {
    const name = `${object.kind} ${object.metadata.name}`;
    return [...placeOf(object, confines), ...parentsOf(object, confines)].map((words) => `${name} ${words}`);
  });
}

function placeOf({ apiVersion, kind, metadata: { namespace } }: Manifest, { namespaces }: Confines): string[] {
  if (OF_THE_CLUSTER.test(`${apiVersion} ${kind}`))
    return ["acts on the whole cluster; a check that needs this must set exclusive: 'mesh-wide'"];
  if (!MESH_GROUP.test(apiVersion) || namespace === undefined || namespaces.has(namespace)) return [];
  return [`is in ${namespace}, outside the rig; a check that needs this must set exclusive: 'mesh-wide'`];
}

/**
 * A route affects the callers of a Service in another namespace only if it is in the callers' namespace; the rig's own callers are meant
 * then.
 */
function parentsOf({ apiVersion, spec }: Manifest, { namespaces }: Confines): string[] {
  if (!MESH_GROUP.test(apiVersion) || !isObject(spec)) return [];
  const parents = Array.isArray(spec['parentRefs']) ? spec['parentRefs'].filter(isObject) : [];
  const others = parents.map(({ namespace }) => namespace).filter((name) => typeof name === 'string' && !namespaces.has(name));
  return others.map((name) => `has a parent in ${String(name)}, outside the rig; use one in the rig`);
}
