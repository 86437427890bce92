/** Labels and annotations that determine whether a namespace's pods get a proxy. */
export interface NamespaceMarks {
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
}

/** Mesh-wide settings, chosen at its installation. */
export interface MeshSettings {
  /** The name of the control plane, if a cluster can have several. */
  controlPlane: string;
  /** The namespace of the control plane. */
  controlPlaneNamespace: string;
  /** The namespace whose configuration applies to every namespace. */
  rootNamespace: string;
  /** The prefix of its workloads' identities. */
  trustDomain: string;
  /** The domain of the cluster's Services: `<name>.<namespace>.svc.<domain>`. */
  clusterDomain: string;
  /** The label by which a namespace requests proxies for its new pods. */
  injection: { label: string; value: string };
  /** How to mark a namespace so that its new pods get a proxy, or none; the control plane watches namespaces with either mark. */
  namespaces: { meshed: NamespaceMarks; unmeshed: NamespaceMarks };
}
