import { leftThere } from '../../clusters/existing/leftovers.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { Mesh } from '../../clusters/meshes.ts';
import { adapterOf } from '../../clusters/meshes.ts';
import { providerOf } from '../run/provider.ts';
import type { Find } from './find.ts';

export interface There {
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  mesh: Mesh;
  all?: boolean;
}

/** Finds what runs on any machine have left in a cluster that exists; nothing of this machine is looked at. */
export async function thereFinds({ mesh, all, ...place }: There): Promise<Find> {
  const provider = await providerOf({ ...place, provider: 'existing', nodes: 1 });
  if (provider.kind !== 'existing') return async () => [];
  const { context, kubeconfig, namespaces } = provider;
  const api = await KubernetesApi.open(omitUndefined({ context, kubeconfig }));
  return async ({ spare }, task) => {
    const adapter = await adapterOf({ mesh, ...omitUndefined({ context, kubeconfig }) }, api);
    return await leftThere(api, adapter, { spare, ...omitUndefined({ namespaces, all }) }, task);
  };
}
