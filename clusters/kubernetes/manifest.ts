/** A Kubernetes object as in a manifest file. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** Identifies a pod. */
export interface PodRef {
  namespace: string;
  name: string;
}
