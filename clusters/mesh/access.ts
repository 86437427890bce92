import type { Manifest, PodRef } from '../kubernetes/manifest.ts';

/** What is read of a pod; field names as the Kubernetes API has them. */
export interface PodObject {
  metadata: { namespace: string; name: string; uid: string; deletionTimestamp?: string };
  spec: { containers: { name: string; image?: string }[]; initContainers?: { name: string; image?: string }[] };
  status?: { phase?: string; podIP?: string };
}

/** All that an adapter needs of a cluster; `KubernetesAccess` is the real one. */
export interface ClusterAccess {
  /** Server-side apply. Objects without a namespace go to `namespace`. */
  apply(objects: readonly Manifest[], namespace: string, signal?: AbortSignal): Promise<void>;
  /** The object as the API server holds it now, or undefined. */
  get(object: Manifest, namespace: string, signal?: AbortSignal): Promise<Manifest | undefined>;
  /** Of all namespaces when none is named. */
  pods(namespace: string | undefined, labelSelector?: string, signal?: AbortSignal): Promise<PodObject[]>;
  /** GET to a port that listens on the pod's loopback, over a kept connection. Rejects unless the answer is 200. */
  fetchText(pod: PodRef, port: number, path: string, signal?: AbortSignal): Promise<string>;
  logs(pod: PodRef, container: string, tailLines: number): Promise<string>;
  logsSince(pod: PodRef, container: string, since: Date): Promise<string>;
}
