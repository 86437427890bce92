import type { ClusterDescription } from './cluster.ts';
import type { Mesh } from './meshes.ts';
import type { Assumption } from './mesh/assumptions.ts';
import type { Uses } from './mesh/facts.ts';
import type { AppliedKind } from './existing/rights.ts';
import type { ImageSource } from './images/registry.ts';

/** A cluster with another owner. */
export interface ExistingProvider {
  kind: 'existing';
  kubeconfig?: string;
  context?: string;
  /** Prefix of namespaces that the owner made for rigs; without it our own are made, where that is allowed. */
  namespaces?: string;
  /** Which of several control planes of the mesh; default the one that is used where nothing is said. */
  revision?: string;
  /** What the samples run on instead of the stock image of Node.js. */
  sampleImage?: string;
  /** Stands before the names of images instead of their own registries, see `mirrored`. */
  registry?: string;
  /** The Secret by which the nodes pull, as `namespace/name`; it is copied to the rigs. */
  pullSecret?: string;
  /** What the run's checks do; default nothing. */
  applies?: AppliedByChecks;
}

/** What checks do in a cluster, as their specs and manifests say. */
export interface AppliedByChecks {
  /** Of which kinds they apply objects in their rig. */
  kinds: readonly AppliedKind[];
  /** The same in the mesh's root namespace or on the cluster. */
  meshWide: readonly AppliedKind[];
  /** What some of them take for granted. */
  assumes: readonly Assumption[];
  uses: Uses;
}

export interface UpOptions {
  mesh: Mesh;
  /** One of the versions of the mesh's module; default its first. It says nothing of a mesh that is there already. */
  meshVersion?: string;
  /** Default: one chosen at random, `meshproof-<4 hex digits>`. */
  name?: string;
  provider: { kind: 'kind'; nodes: number } | ExistingProvider;
  images: ImageSource;
  /** Whether a private engine may be installed and started where Docker is missing. */
  engine: boolean;
  /** As many rigs as test workers. */
  rigs: number;
}

/** What a provider needs to know of a cluster that is to be. */
export interface ProvisionOptions extends UpOptions {
  /** Writes down what is about to be made where only a description tells of it, so that a sweep finds it when this process is killed. */
  writeDescription: (description: ClusterDescription) => Promise<void>;
}
