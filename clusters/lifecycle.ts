import type { ClusterDescription, Mesh } from './cluster.ts';
import type { Work } from './work.ts';

export interface UpOptions {
  mesh: Mesh;
  /** Default: one chosen at random, `meshproof-<4 hex digits>`. */
  name?: string;
  provider: { kind: 'kind'; nodes: number } | { kind: 'existing'; kubeconfig?: string; context?: string };
  /** auto, pull, build, or a folder of image archives. */
  images: string;
  /** Whether a private engine may be installed and started where Docker is missing. */
  engine: boolean;
  /** As many rigs as test workers. */
  rigs: number;
}

/** Brings up a cluster with a mesh and its rigs, and leaves its description in the clusters folder. On error nothing is left. */
export async function up(_options: UpOptions, _work: Work): Promise<ClusterDescription> {
  throw new Error('in progress');
}

/** Removes a cluster, and the private engine with the last one. */
export async function down(_name: string, _work: Work): Promise<void> {
  throw new Error('in progress');
}

/** The clusters whose descriptions are in the clusters folder. */
export async function clusters(): Promise<ClusterDescription[]> {
  throw new Error('in progress');
}

/** Removes whatever a killed run left behind and returns it, one line each. */
export async function sweep(_work: Work): Promise<string[]> {
  throw new Error('in progress');
}
