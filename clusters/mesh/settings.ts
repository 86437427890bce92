/** What decides in a namespace whether its pods get a proxy. */
export interface NamespaceMarks {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

/** What whoever installed the mesh has chosen for all of it. */
export interface MeshSettings {
  /** The name of the control plane, where there can be several in a cluster. */
  controlPlane: string;
  /** Where it runs. */
  controlPlaneNamespace: string;
  /** Where configuration acts on every namespace. */
  rootNamespace: string;
  /** What the identities of its workloads begin with. */
  trustDomain: string;
  /** What the DNS names of the cluster's Services end in, as `<name>.<namespace>.svc.<domain>`. */
  clusterDomain: string;
  /** The label by which a namespace asks for proxies in its new pods. */
  injection: { label: string; value: string };
  /** By what a namespace's new pods get a proxy, and by what they surely get none; the control plane takes notice of both. */
  namespaces: { meshed: NamespaceMarks; unmeshed: NamespaceMarks };
}
