import type { Manifest } from '../../kubernetes/manifest.ts';
import { isObject } from '../../kubernetes/merge-patch.ts';
import { MESHED_APPS } from '../../rigs/rig.ts';
import type { MeshConfig, PilotEnvironment } from '../survey/mesh-config.ts';

/** What others have configured for the mesh. */
export interface Standing {
  config: MeshConfig;
  environment: PilotEnvironment;
  rootNamespace: string;
  /** The domain of the DNS names of Services. */
  clusterDomain: string;
  /** Istio's configuration as listed by istiod, of all namespaces, without meshproof's own objects. */
  objects: readonly Manifest[];
}

/** The namespaces of a rig. */
export interface Place {
  rig: string;
  neighbour: string;
  unmeshed: string;
}

/** Something that prevents what a check needs. */
export interface Obstacle {
  /** A description that names the object and its namespace, or the setting. */
  what: string;
  /** Undoes it in the namespaces of the rig; undefined if that is impossible. */
  settle?: Settle;
}

export type Settle = (objects: readonly Manifest[]) => Manifest[];

/** The meshed namespaces of a rig, whose proxies a check observes. */
export const meshedOf = ({ rig, neighbour }: Place): string[] => [rig, neighbour];

export const specOf = ({ spec }: Manifest): Record<string, unknown> => (isObject(spec) ? spec : {});

/** The labels by which an object selects pods, whatever field its kind uses; empty if it applies to every pod. */
export function selectorOf(object: Manifest): Record<string, unknown> {
  const { selector, workloadSelector } = specOf(object);
  const labels = isObject(selector) ? selector['matchLabels'] : isObject(workloadSelector) ? workloadSelector['labels'] : undefined;
  return isObject(labels) ? labels : {};
}

/** Whether an object applies to every workload in its scope; one that is attached to a gateway or a Service does not. */
export function isForAll(object: Manifest): boolean {
  const { targetRef, targetRefs } = specOf(object);
  const isAttached = isObject(targetRef) || (Array.isArray(targetRefs) && targetRefs.length > 0);
  return !isAttached && Object.keys(selectorOf(object)).length === 0;
}

const APPS: readonly unknown[] = [...MESHED_APPS.rig, ...MESHED_APPS.neighbour];
/** Labels that Istio's injector adds to pods. */
const INJECTED = /^(security\.istio\.io|service\.istio\.io|istio\.io)\//;

/** Whether an object may apply to the samples of a rig. If it selects labels that they do not have, it does not. */
export function mayConcernSamples(object: Manifest): boolean {
  if (isForAll(object)) return true;
  const labels = Object.entries(selectorOf(object));
  return (
    labels.length > 0 && labels.every(([key, value]) => INJECTED.test(key) || (key === 'app' && APPS.includes(value)) || key === 'version')
  );
}

/** Objects of a kind in a namespace, oldest first: if only one of them can apply, it is the oldest. */
export function ofKind(objects: readonly Manifest[], kind: string, namespace: string): Manifest[] {
  const found = objects.filter((object) => object.kind === kind && object.metadata.namespace === namespace);
  const bornAt = ({ metadata: { creationTimestamp } }: Manifest): number =>
    typeof creationTimestamp === 'string' ? Date.parse(creationTimestamp) : 0;
  return found.toSorted((a, b) => bornAt(a) - bornAt(b) || a.metadata.name.localeCompare(b.metadata.name));
}

/** `mesh-config has PeerAuthentication default`, followed by what it does. */
export function inWords({ kind, metadata }: Manifest, says = ''): string {
  return `${metadata.namespace} has ${kind} ${metadata.name}${says === '' ? '' : `: ${says}`}`;
}
