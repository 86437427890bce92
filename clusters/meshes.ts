import type { Mesh } from './cluster.ts';
import { MeshproofError } from './errors.ts';
import type { Istioctl } from './istio/istioctl.ts';
import { given } from './kubernetes/given.ts';
import type { KubernetesApi } from './kubernetes/api.ts';
import type { MeshAdapter } from './mesh/adapter.ts';
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
export async function adapterOf(
  { mesh, ...place }: Pick<MeshPlace, 'mesh'> & Partial<MeshPlace>,
  api: KubernetesApi,
): Promise<MeshAdapter> {
  if (mesh !== 'istio') throw new MeshproofError('MESH_MISSING', `there is no adapter for ${mesh} yet`, { hint: 'use --mesh=istio' });
  const [{ istio }, { KubernetesAccess }, { IstioInjector }, { IstioTool }, { IstioInstallations }] = await Promise.all([
    import('./istio/adapter.ts'),
    import('./mesh/kubernetes-access.ts'),
    import('./istio/injector.ts'),
    import('./istio/tool.ts'),
    import('./istio/revisions/revisions.ts'),
  ]);
  const istioctl = async (): Promise<Istioctl> => {
    const { kubeconfig, context } = place;
    if (kubeconfig === undefined || context === undefined) throw new MeshproofError('NO_KUBECONFIG', 'istioctl needs a kubeconfig');
    const { tool } = await import('./images/tools.ts');
    return { istioctl: await tool('istioctl', {}), kubeconfig, context };
  };
  const access = new KubernetesAccess(api);
  return istio({
    access,
    injector: new IstioInjector(api, istioctl),
    tool: new IstioTool(istioctl),
    installations: new IstioInstallations(api, { access, tool: istioctl, rootNamespace: 'istio-system' }),
  });
}

/** Installs a mesh from the images that are in the nodes, and returns its adapter. */
export async function installMesh(place: MeshPlace, api: KubernetesApi, work: Work): Promise<MeshAdapter> {
  const adapter = await adapterOf(place, api);
  const [{ installIstio }, { ISTIO_HUB }, { tool }, { VERSIONS }, { gatewayApi }] = await Promise.all([
    import('./istio/istioctl.ts'),
    import('./istio/images.ts'),
    import('./images/tools.ts'),
    import('./images/versions.ts'),
    import('./images/gateway-api.ts'),
  ]);
  work.progress?.('the Gateway API');
  await api.apply(await gatewayApi(work), given({ signal: work.signal }));
  const images = { hub: ISTIO_HUB, tag: VERSIONS.istio, plainEnvoy: true };
  await installIstio({ istioctl: await tool('istioctl', work), ...place }, { images }, work);
  return adapter;
}
