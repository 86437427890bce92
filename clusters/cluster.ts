import type { Mesh } from './meshes.ts';

/** The environment variable with the path of a cluster's description, of whatever runs checks on that cluster. */
export const CLUSTER_VARIABLE = 'MESHPROOF_CLUSTER';

/** A cluster with a mesh, as another process needs it to attach; stored as cluster.json beside its kubeconfig. */
export interface ClusterDescription {
  /** e.g. meshproof-3f9a; also the kind cluster's name. */
  name: string;
  provider: 'kind' | 'existing';
  /** Path of a kubeconfig file. For kind it holds this cluster only. */
  kubeconfig: string;
  context: string;
  /** The uid of the namespace kube-system, which tells an existing cluster from others; missing where it could not be read. */
  uid?: string;
  mesh: Mesh;
  /** Which of the versions that its module makes; missing where the mesh was there already. */
  meshVersion?: string;
  /** Which of several control planes of the mesh was chosen; missing where none was named. */
  revision?: string;
  /** The tag of the mesh's images in the nodes; missing where the mesh was there already. */
  meshTag?: string;
  /** Names of the rig namespaces that are ready, each with its companion `<name>-unmeshed` for unmeshed pods. */
  rigs: string[];
  /** The Docker daemon's address that the kind cluster lives on (a DOCKER_HOST value), if kind. */
  dockerHost?: string;
  /** The machine on which the kind cluster was made; missing where that cannot be told, as in a container. */
  host?: string;
  /** Whether the rigs' namespaces were made by the owner of an existing cluster, and stay. */
  preprovisioned?: boolean;
  /** Names of what was pulled by a tag that may come to mean something else, see `Lock`. */
  unpinned?: string[];
  /** The mirror from which the nodes of an existing cluster pull images, see `mirrored`. */
  registry?: string;
  /** Rigs that a run kept because a check failed on them; no run borrows them again. */
  kept?: string[];
  versions: Record<string, string>;
  timings: Partial<Record<'engineMs' | 'imagesMs' | 'clusterMs' | 'meshMs' | 'rigsMs', number>>;
}
