import type { ClusterDescription } from './cluster.ts';
import type { Mesh } from './meshes.ts';
import type { Assumption } from './mesh/assumptions.ts';
import type { Uses } from './mesh/facts.ts';
import type { AppliedKind } from './existing/rights.ts';
import type { ImageSource } from './images/registry.ts';

/** An existing cluster: meshproof did not create it, and it has another owner. */
export interface ExistingProvider {
  kind: 'existing';
  kubeconfig?: string;
  context?: string;
  /** Prefix of the namespaces that the owner created for rigs; without it meshproof creates its own, if permitted. */
  namespaces?: string;
  /** Which of several control planes of the mesh; default the one that is used if none is given. */
  revision?: string;
  /** The sample image to use instead of the stock image of Node.js. */
  sampleImage?: string;
  /** Prefix for image names that replaces their own registries, see `mirrored`. */
  registry?: string;
  /** The Secret with which the nodes pull, as `namespace/name`; it is copied to the rigs. */
  pullSecret?: string;
  /** What the run's checks do; default nothing. */
  applies?: AppliedByChecks;
}

/** What checks do in a cluster, according to their specs and manifests. */
export interface AppliedByChecks {
  /** Kinds of the objects that they apply in their rig. */
  kinds: readonly AppliedKind[];
  /** Kinds of the objects that they apply in the mesh's root namespace or cluster-wide. */
  meshWide: readonly AppliedKind[];
  /** The assumptions of some of them. */
  assumes: readonly Assumption[];
  uses: Uses;
}

export interface UpOptions {
  mesh: Mesh;
  /** One of the versions of the mesh's module; default its first. Ignored if the mesh exists already. */
  meshVersion?: string;
  /** Further versions whose images the nodes hold, so that the mesh can be upgraded to them; default none. */
  otherVersions?: readonly string[];
  /** Default: `meshproof-<4 random hex digits>`. */
  name?: string;
  provider: { kind: 'kind'; nodes: number } | ExistingProvider;
  images: ImageSource;
  /** Whether a private engine may be installed and started if Docker is missing. */
  engine: boolean;
  /** One rig for each test worker. */
  rigs: number;
}

/** What a provider needs to create a cluster. */
export interface ProvisionOptions extends UpOptions {
  /** Writes the description before anything is created, if only that would tell a sweep what to remove after this process was killed. */
  writeDescription: (description: ClusterDescription) => Promise<void>;
}
