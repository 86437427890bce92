import type { GatewayChannel } from '../images/gateway-api.ts';
import type { GoModule } from '../images/go.ts';
import type { Image } from '../images/image.ts';
import type { Tool } from '../images/tools.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { Definitions } from '../kubernetes/definitions.ts';
import type { TaskContext } from '../task-context.ts';
import type { MeshAdapter } from './adapter.ts';
import type { MeshFacts } from './facts.ts';
import type { MeshBuild, NodeImages } from './node-images.ts';

/** What the mesh's programs need to access a cluster. */
export interface MeshCluster {
  kubeconfig: string;
  context: string;
  /** A version of the mesh, one of the module's `versions`; default the first. */
  meshVersion?: string;
  /** Which of several control planes, by the mesh's own name for it; default the mesh's default one. */
  revision?: string;
  /** The tag of its images; undefined if the mesh existed already. */
  meshTag?: string;
}

/** A mesh is one folder in clusters/, and this interface is all that other folders know about it. */
export interface MeshModule {
  readonly facts: MeshFacts;
  /** Versions that a cluster can be created with; the first is the default. */
  readonly versions: readonly [string, ...string[]];
  /** The images of a version, by the names that its pods use. */
  readonly images: (version?: string) => readonly Image[];
  /** The requirements that the recipes of a version's images install from the Python package index. */
  readonly wheels: (version?: string) => readonly string[];
  /** The Go module that pins a version. */
  readonly goModule: (version: string) => GoModule;
  /** The channel of the Gateway API that contains all kinds and versions that its control plane reads. */
  readonly gatewayChannel: GatewayChannel;
  /** The definitions of its kinds in a version, from which the schemas are generated. */
  readonly definitions: (version: string, task: TaskContext) => Promise<Definitions>;
  /** The mesh's own command-line tool, in a version; if the tag of the mesh's images is known, the tool is of the same build. */
  readonly tool: (version?: string, tag?: string) => Tool;
  /** Which of the mesh's images the nodes hold, of this version if they hold several, and the features of their programs. */
  readonly buildIn: (nodes: NodeImages, version?: string) => Promise<MeshBuild>;
  /** Connects to the mesh of a cluster. Without a kubeconfig, the command-line tool cannot be used. */
  readonly connect: (cluster: Partial<MeshCluster>, api: KubernetesApi) => MeshAdapter;
  /** Installs the mesh from the images on the nodes, and returns once its control plane is ready. */
  readonly install: (cluster: MeshCluster, api: KubernetesApi, build: MeshBuild, task: TaskContext) => Promise<void>;
}
