import type { Mesh } from './cluster.ts';
import { MeshproofError } from './errors.ts';
import type { KubernetesApi } from './kubernetes/api.ts';
import type { MeshAdapter } from './mesh.ts';
import type { Work } from './work.ts';

/** A cluster as far as a mesh is concerned. */
export interface MeshPlace {
  mesh: Mesh;
  kubeconfig: string;
  context: string;
}

/**
 * What a mesh is to the harness, on a cluster that has it already.
 * @throws MeshproofError `MESH_MISSING` for a mesh that this version has no adapter for.
 */
export async function adapterOf({ mesh }: Pick<MeshPlace, 'mesh'>, api: KubernetesApi): Promise<MeshAdapter> {
  if (mesh !== 'istio') throw new MeshproofError('MESH_MISSING', `there is no adapter for ${mesh} yet`, { hint: 'use --mesh=istio' });
  const [{ istio }, { KubernetesAccess }] = await Promise.all([import('./istio/adapter.ts'), import('./istio/kubernetes-access.ts')]);
  return istio({ access: new KubernetesAccess(api) });
}

/** Installs a mesh from the images that are in the nodes, and returns its adapter. */
export async function installMesh(place: MeshPlace, api: KubernetesApi, work: Work): Promise<MeshAdapter> {
  const adapter = await adapterOf(place, api);
  const [{ installIstio }, { ISTIO_HUB }, { tool }, { VERSIONS }] = await Promise.all([
    import('./istio/istioctl.ts'),
    import('./images/recipes/istio.ts'),
    import('./images/tools.ts'),
    import('./images/versions.ts'),
  ]);
  const images = { hub: ISTIO_HUB, tag: VERSIONS.istio, plainEnvoy: true };
  await installIstio({ istioctl: await tool('istioctl', work), ...place }, { images }, work);
  return adapter;
}
