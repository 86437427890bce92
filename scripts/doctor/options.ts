import type { Mesh } from '../../clusters/meshes.ts';

/** The options of `meshproof doctor`. */
export interface DoctorOptions {
  output: 'text' | 'json';
  network: boolean;
  images: string;
  provider: 'kind' | 'existing';
  mesh: Mesh;
  context?: string;
  kubeconfig?: string;
  revision?: string;
  namespaces?: string;
  sampleImage?: string;
  pullSecret?: string;
  registry?: string;
  workers: number;
  suite: string[];
  check: string[];
  allowMeshWide?: boolean;
}
