import type { Image } from '../images/image.ts';
import type { Tool } from '../images/tools.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { Definitions } from '../kubernetes/definitions.ts';
import type { TaskContext } from '../task-context.ts';
import type { MeshAdapter } from './adapter.ts';
import type { MeshFacts } from './facts.ts';

/** A cluster as the mesh's programs reach it. */
export interface MeshCluster {
  kubeconfig: string;
  context: string;
  /** Of the mesh, one of its module's `versions`; default the first. */
  meshVersion?: string;
  /** Which of several control planes, by the mesh's own name for it; default the one that is used where nothing is said. */
  revision?: string;
}

interface InstallOptions {
  /** Whether the images in the nodes are those that the mesh's project publishes; else they are of the module's own recipes. */
  published: boolean;
}

/** A mesh is one folder of clusters/, and this is all that others know of it. */
export interface MeshModule {
  readonly facts: MeshFacts;
  /** Versions that a cluster can be made with; the first is what is meant where none is named. */
  readonly versions: readonly [string, ...string[]];
  /** The images of a version, under the names by which its pods ask for them. */
  readonly images: (version?: string) => readonly Image[];
  /** The definitions of its kinds in a version, of which the schemas are made. */
  readonly definitions: (version: string, task: TaskContext) => Promise<Definitions>;
  /** The mesh's own command line tool, in a version. */
  readonly tool: (version?: string) => Tool;
  /** The mesh on a cluster that has it already. Without a kubeconfig nothing can be asked of the command line tool. */
  readonly connect: (cluster: Partial<MeshCluster>, api: KubernetesApi) => MeshAdapter;
  /** Installs the mesh from the images that are in the nodes, and returns once its control plane is ready. */
  readonly install: (cluster: MeshCluster, api: KubernetesApi, options: InstallOptions, task: TaskContext) => Promise<void>;
}
