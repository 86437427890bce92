import { leftThere } from '../../clusters/existing/leftovers.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { Mesh } from '../../clusters/meshes.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { providerOf } from '../run/provider.ts';
import type { Find } from './find.ts';

export interface SweptCluster {
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  revision?: string;
  mesh: Mesh;
  all?: boolean;
}

/** Finds what killed runs on any machine left in an existing cluster; does not look at this machine. */
export async function finderInCluster({ mesh, all, ...place }: SweptCluster): Promise<Find> {
  const provider = await providerOf({ ...place, provider: 'existing', nodes: 1 });
  if (provider.kind !== 'existing') return async () => [];
  const { context, kubeconfig, namespaces, revision } = provider;
  const api = await KubernetesApi.open(omitUndefined({ context, kubeconfig }));
  return async ({ spare }, task) => {
    const adapter = await adapterOf({ mesh, ...omitUndefined({ context, kubeconfig, revision }) }, api);
    return await leftThere(api, adapter, { spare, ...omitUndefined({ namespaces, all }) }, task);
  };
}
