import type { Mesh } from './meshes.ts';

/** The environment variable with the path of a cluster's description, for whatever runs checks on that cluster. */
export const CLUSTER_VARIABLE = 'MESHPROOF_CLUSTER';

/** The engine that runs a kind cluster. The same address may serve another engine later, which does not know the cluster. */
export type EngineOfCluster = Pick<ClusterDescription, 'dockerHost' | 'dockerData'>;

/** A cluster with a mesh, as another process needs it to attach; stored as cluster.json next to its kubeconfig. */
export interface ClusterDescription {
  /** e.g. meshproof-3f9a; also the kind cluster's name. */
  name: string;
  provider: 'kind' | 'existing';
  /** Path of a kubeconfig file. For kind it contains only this cluster. */
  kubeconfig: string;
  context: string;
  /** The UID of the namespace kube-system, which identifies an existing cluster; undefined if it could not be read. */
  uid?: string;
  mesh: Mesh;
  /** One of the versions of the mesh's module; undefined if the mesh existed already. */
  meshVersion?: string;
  /** The chosen revision of the mesh; undefined if none was given. */
  revision?: string;
  /** The tag of the mesh's images on the nodes; undefined if the mesh existed already. */
  meshTag?: string;
  /** Names of the rig namespaces that are ready, each with its companion `<name>-unmeshed` for unmeshed pods. */
  rigs: string[];
  /** The DOCKER_HOST value of the engine that runs the kind cluster. */
  dockerHost?: string;
  /** That engine's data folder, which holds the cluster's containers; undefined in a record of an earlier version of meshproof. */
  dockerData?: string;
  /** The machine on which the kind cluster was created; undefined if unknown, as in a container. */
  host?: string;
  /** Whether the owner of an existing cluster created the rigs' namespaces, which are kept. */
  preprovisioned?: boolean;
  /** Names of what was pulled by a tag that may be moved, see `Lock`. */
  unpinned?: string[];
  /** The mirror from which the nodes of an existing cluster pull images, see `mirrored`. */
  registry?: string;
  /** Rigs that a run kept because a check failed on them; no run uses them again. */
  kept?: string[];
  versions: Record<string, string>;
  timings: Partial<Record<'engineMs' | 'imagesMs' | 'clusterMs' | 'meshMs' | 'rigsMs', number>>;
}
