import type { KubernetesApi } from './kubernetes/api.ts';
import type { MeshAdapter } from './mesh/adapter.ts';
import type { MeshCluster, MeshModule } from './mesh/module.ts';
import type { MoveBetween } from './mesh/upgrade.ts';

/** The supported meshes, each with the module in its folder. */
const REGISTRY = {
  istio: async () => (await import('./istio/module.ts')).ISTIO,
  linkerd: async () => (await import('./linkerd/module.ts')).LINKERD,
} satisfies Record<string, () => Promise<MeshModule>>;

export type Mesh = keyof typeof REGISTRY;
export const MESHES = Object.keys(REGISTRY) as [Mesh, ...Mesh[]];
/** The mesh that is used if none is given. */
export const [DEFAULT_MESH] = MESHES;

/** The versions that a cluster can be created with, newest first; known without loading a module. */
export const MESH_VERSIONS = {
  istio: (await import('./istio/versions.ts')).VERSIONS,
  linkerd: (await import('./linkerd/versions.ts')).VERSIONS,
} satisfies Record<Mesh, readonly [string, ...string[]]>;

/** The meshes that meshproof can upgrade, each with the way from one installation that its module made to another. */
const MOVES = {
  istio: async () => (await import('./istio/upgrade.ts')).moveIstio,
} satisfies Partial<Record<Mesh, () => Promise<MoveBetween>>>;

export type UpgradableMesh = keyof typeof MOVES;
export const UPGRADABLE_MESHES = Object.keys(MOVES) as [UpgradableMesh, ...UpgradableMesh[]];

export async function moveOf(mesh: UpgradableMesh): Promise<MoveBetween> {
  return await MOVES[mesh]();
}

export async function meshModule(mesh: Mesh): Promise<MeshModule> {
  return await REGISTRY[mesh]();
}

export async function meshModules(): Promise<MeshModule[]> {
  return await Promise.all(MESHES.map(meshModule));
}

/** The adapter for the mesh of an existing cluster. */
export async function adapterOf({ mesh, ...cluster }: { mesh: Mesh } & Partial<MeshCluster>, api: KubernetesApi): Promise<MeshAdapter> {
  return (await meshModule(mesh)).connect(cluster, api);
}
