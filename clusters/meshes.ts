import { EXIT, MeshproofError } from './errors.ts';
import type { KubernetesApi } from './kubernetes/api.ts';
import type { MeshAdapter } from './mesh/adapter.ts';
import type { MeshCluster, MeshModule } from './mesh/module.ts';

/** The meshes that checks speak of, each with the module in its folder; one without a module is planned, and no check can run on it yet. */
const REGISTRY = {
  istio: async () => (await import('./istio/module.ts')).ISTIO,
  linkerd: undefined,
} satisfies Record<string, (() => Promise<MeshModule>) | undefined>;

export type Mesh = keyof typeof REGISTRY;
export const MESHES = Object.keys(REGISTRY) as [Mesh, ...Mesh[]];
/** The mesh that is meant where none is named. */
export const [DEFAULT_MESH] = MESHES;

/** The meshes that have a module. */
export const SUPPORTED_MESHES = MESHES.filter((mesh) => REGISTRY[mesh] !== undefined);

/** @throws MeshproofError `MESH_UNSUPPORTED` with exit code 2 for a mesh that has no module yet */
export async function meshModule(mesh: Mesh): Promise<MeshModule> {
  const load = REGISTRY[mesh];
  if (load !== undefined) return await load();
  throw planned(mesh);
}

/** That a mesh has no module, in words. */
export function planned(mesh: Mesh): MeshproofError {
  const hint = `use --mesh=${SUPPORTED_MESHES.join(', ')}`;
  return new MeshproofError('MESH_UNSUPPORTED', `${mesh} is planned: meshproof has no checks for it yet`, { hint, exitCode: EXIT.usage });
}

/** The module of every mesh that has one. */
export async function meshModules(): Promise<MeshModule[]> {
  const modules = await Promise.all(MESHES.map(async (mesh) => await REGISTRY[mesh]?.()));
  return modules.filter((module) => module !== undefined);
}

/**
 * A mesh on a cluster that has it already.
 * @throws MeshproofError `MESH_UNSUPPORTED`
 */
export async function adapterOf({ mesh, ...cluster }: { mesh: Mesh } & Partial<MeshCluster>, api: KubernetesApi): Promise<MeshAdapter> {
  return (await meshModule(mesh)).connect(cluster, api);
}
