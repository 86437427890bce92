import type { KubernetesApi } from './kubernetes/api.ts';
import type { MeshAdapter } from './mesh/adapter.ts';
import type { MeshCluster, MeshModule } from './mesh/module.ts';

/** The meshes that checks speak of, each with the module in its folder. */
const REGISTRY = {
  istio: async () => (await import('./istio/module.ts')).ISTIO,
  linkerd: async () => (await import('./linkerd/module.ts')).LINKERD,
} satisfies Record<string, () => Promise<MeshModule>>;

export type Mesh = keyof typeof REGISTRY;
export const MESHES = Object.keys(REGISTRY) as [Mesh, ...Mesh[]];
/** The mesh that is meant where none is named. */
export const [DEFAULT_MESH] = MESHES;

export async function meshModule(mesh: Mesh): Promise<MeshModule> {
  return await REGISTRY[mesh]();
}

export async function meshModules(): Promise<MeshModule[]> {
  return await Promise.all(MESHES.map(meshModule));
}

/** A mesh on a cluster that has it already. */
export async function adapterOf({ mesh, ...cluster }: { mesh: Mesh } & Partial<MeshCluster>, api: KubernetesApi): Promise<MeshAdapter> {
  return (await meshModule(mesh)).connect(cluster, api);
}
