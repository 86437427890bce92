import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { MESHED_APPS } from '../../rigs/rig.ts';
import type { MeshConfig, PilotEnvironment } from '../survey/mesh-config.ts';

/** What others have set up for the mesh. */
export interface Standing {
  config: MeshConfig;
  environment: PilotEnvironment;
  rootNamespace: string;
  /** What the DNS names of Services end in. */
  clusterDomain: string;
  /** Istio's configuration as istiod lists it, of the root namespace and any other; without what is meshproof's own. */
  objects: readonly Manifest[];
}

/** The namespaces of a rig. */
export interface Place {
  rig: string;
  neighbour: string;
  unmeshed: string;
}

/** Something that stands between a check and what it needs. */
export interface Obstacle {
  /** In words, naming object and namespace, or the setting. */
  what: string;
  /** Undoes it in the namespaces of the rig; undefined where nothing there can. */
  settle?: Settle;
}

export type Settle = (objects: readonly Manifest[]) => Manifest[];

/** The meshed namespaces of a rig, whose proxies a check looks at. */
export const meshedOf = ({ rig, neighbour }: Place): string[] => [rig, neighbour];

export const specOf = ({ spec }: Manifest): Record<string, unknown> => (isObject(spec) ? spec : {});

/** The labels by which an object selects pods, in whichever form its kind has them; none for one that is for every pod. */
export function selectorOf(object: Manifest): Record<string, unknown> {
  const { selector, workloadSelector } = specOf(object);
  const labels = isObject(selector) ? selector['matchLabels'] : isObject(workloadSelector) ? workloadSelector['labels'] : undefined;
  return isObject(labels) ? labels : {};
}

/** Whether an object is for every workload within its reach; one that is attached to a gateway or a Service is not. */
export function isForAll(object: Manifest): boolean {
  const { targetRef, targetRefs } = specOf(object);
  const isAttached = isObject(targetRef) || (Array.isArray(targetRefs) && targetRefs.length > 0);
  return !isAttached && Object.keys(selectorOf(object)).length === 0;
}

const APPS: readonly unknown[] = [...MESHED_APPS.rig, ...MESHED_APPS.neighbour];
/** Labels that Istio's injector adds to pods. */
const INJECTED = /^(security\.istio\.io|service\.istio\.io|istio\.io)\//;

/** Whether an object may be for the samples of a rig. Labels that these do not have select others. */
export function mayConcernSamples(object: Manifest): boolean {
  if (isForAll(object)) return true;
  const labels = Object.entries(selectorOf(object));
  return (
    labels.length > 0 && labels.every(([key, value]) => INJECTED.test(key) || (key === 'app' && APPS.includes(value)) || key === 'version')
  );
}

/** Objects of a kind in a namespace, the oldest first: where one alone can act, it is that one. */
export function ofKind(objects: readonly Manifest[], kind: string, namespace: string): Manifest[] {
  const found = objects.filter((object) => object.kind === kind && object.metadata.namespace === namespace);
  const bornAt = ({ metadata: { creationTimestamp } }: Manifest): number =>
    typeof creationTimestamp === 'string' ? Date.parse(creationTimestamp) : 0;
  return found.toSorted((a, b) => bornAt(a) - bornAt(b) || a.metadata.name.localeCompare(b.metadata.name));
}

/** `mesh-config has PeerAuthentication default`, with what it says. */
export function inWords({ kind, metadata }: Manifest, says = ''): string {
  return `${metadata.namespace} has ${kind} ${metadata.name}${says === '' ? '' : `: ${says}`}`;
}
