import type { Duplex } from 'node:stream';

import type { Manifest, PodRef } from '../kubernetes/manifest.ts';

/** What is read of a pod; field names as the Kubernetes API has them. */
export interface PodObject {
  metadata: {
    namespace: string;
    name: string;
    uid: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: { containers: ContainerObject[]; initContainers?: ContainerObject[]; serviceAccountName?: string };
  status?: { phase?: string; podIP?: string };
}

interface ContainerObject {
  name: string;
  image?: string;
  args?: string[];
  env?: { name: string; value?: string }[];
  ports?: { containerPort: number }[];
}

/** All that an adapter needs of a cluster; `KubernetesAccess` is the real one. */
export interface ClusterAccess {
  /** Server-side apply. Objects without a namespace go to `namespace`. */
  apply(objects: readonly Manifest[], namespace: string, signal?: AbortSignal): Promise<void>;
  /** The object as the API server holds it now, or undefined. */
  get(object: Manifest, namespace: string, signal?: AbortSignal): Promise<Manifest | undefined>;
  /** Objects of a kind that is cluster-wide. */
  list<T extends Manifest>(apiVersion: string, kind: string, labelSelector: string, signal?: AbortSignal): Promise<T[]>;
  /** Of all namespaces when none is named. */
  pods(namespace: string | undefined, labelSelector?: string, signal?: AbortSignal): Promise<PodObject[]>;
  /** GET to a port that listens on the pod's loopback, over a kept connection. Rejects unless the answer is 200. */
  fetchText(pod: PodRef, port: number, path: string, signal?: AbortSignal): Promise<string>;
  /** A connection of its own to a port that listens on the pod's loopback. */
  connection(pod: PodRef, port: number): Duplex;
  logs(pod: PodRef, container: string, tailLines: number): Promise<string>;
  logsSince(pod: PodRef, container: string, since: Date): Promise<string>;
}
