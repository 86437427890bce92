/** What whoever installed the mesh has chosen for all of it. */
export interface MeshSettings {
  /** Where configuration acts on every namespace. */
  rootNamespace: string;
  /** What the identities of its workloads begin with. */
  trustDomain: string;
}
