import type { Duplex } from 'node:stream';

import type { Manifest, PodRef } from '../kubernetes/manifest.ts';

/** The fields of a pod that are read, with the Kubernetes API's names. */
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

/** Everything that an adapter needs of a cluster; `KubernetesAccess` is the real implementation. */
export interface ClusterAccess {
  /** Server-side apply. Objects without a namespace go to `namespace`. */
  apply(objects: readonly Manifest[], namespace: string, signal?: AbortSignal): Promise<void>;
  /** The current object, or undefined if it does not exist. */
  get(object: Manifest, namespace: string, signal?: AbortSignal): Promise<Manifest | undefined>;
  /** Objects of a cluster-scoped kind. */
  list<T extends Manifest>(apiVersion: string, kind: string, labelSelector: string, signal?: AbortSignal): Promise<T[]>;
  /** In all namespaces if none is given. */
  pods(namespace: string | undefined, labelSelector?: string, signal?: AbortSignal): Promise<PodObject[]>;
  /** GET to a port on the pod's loopback address, over a kept connection. Rejects unless the status is 200. */
  fetchText(pod: PodRef, port: number, path: string, signal?: AbortSignal): Promise<string>;
  /** A new connection to a port on the pod's loopback address. */
  connection(pod: PodRef, port: number): Duplex;
  logs(pod: PodRef, container: string, tailLines: number): Promise<string>;
  logsSince(pod: PodRef, container: string, since: Date): Promise<string>;
}
