/** A Kubernetes object as a manifest file holds it. */
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

/** A pod by its address in the cluster. */
export interface PodRef {
  namespace: string;
  name: string;
}
