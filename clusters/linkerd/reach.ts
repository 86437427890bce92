import type { Manifest } from '../kubernetes/manifest.ts';
import { isObject } from '../kubernetes/merge-patch.ts';
import type { Island } from '../mesh/facts.ts';

const MESH_GROUP = /^((policy\.|multicluster\.)?linkerd\.io|gateway\.networking\.k8s\.io)\//;
/** An Ingress and a GatewayClass are for controllers of the whole cluster. */
const OF_THE_CLUSTER = /^(networking\.k8s\.io\/\S+ Ingress|gateway\.networking\.k8s\.io\/\S+ GatewayClass)$/;

/**
 * By what the objects of a check would act on proxies outside of its rig, each as a sentence that says what mends it. What is in a namespace acts
 * on the proxies in it and on callers of its Services, so it is enough to look at where an object stands and at what it names as its parents.
 */
export function reachesOf(objects: readonly Manifest[], island: Island): string[] {
  return objects.flatMap((object) => {
    const name = `${object.kind} ${object.metadata.name}`;
    return [...placeOf(object, island), ...parentsOf(object, island)].map((words) => `${name} ${words}`);
  });
}

function placeOf({ apiVersion, kind, metadata: { namespace } }: Manifest, { namespaces }: Island): string[] {
  if (OF_THE_CLUSTER.test(`${apiVersion} ${kind}`))
    return ["acts on the whole cluster; a check that needs this must set exclusive: 'mesh-wide'"];
  if (!MESH_GROUP.test(apiVersion) || namespace === undefined || namespaces.has(namespace)) return [];
  return [`is in ${namespace}, outside the rig; a check that needs this must set exclusive: 'mesh-wide'`];
}

/** A route acts on the callers of a Service of another namespace only when it stands in theirs; the rig's own callers are then meant. */
function parentsOf({ apiVersion, spec }: Manifest, { namespaces }: Island): string[] {
  if (!MESH_GROUP.test(apiVersion) || !isObject(spec)) return [];
  const parents = Array.isArray(spec['parentRefs']) ? spec['parentRefs'].filter(isObject) : [];
  const others = parents.map(({ namespace }) => namespace).filter((name) => typeof name === 'string' && !namespaces.has(name));
  return others.map((name) => `has a parent in ${String(name)}, outside the rig; use one in the rig`);
}
