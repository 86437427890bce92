import { writeFile } from 'node:fs/promises';

import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { agentImage } from '../images/recipes/agent.ts';
import { KubernetesApi } from '../kubernetes/api.ts';
import { loadContext } from '../kubernetes/kubeconfig.ts';
import type { UpOptions } from '../lifecycle.ts';
import { adapterOf } from '../meshes.ts';
import { deployRigs, removeRigs } from '../rigs/deploy.ts';
import type { Work } from '../work.ts';

/**
 * Makes rigs in a cluster that somebody else owns, with the mesh that is there. Only namespaces of our own are made, nothing cluster-wide.
 * The nodes must be able to pull the sample image; MESHPROOF_SAMPLE_IMAGE names the copy that they can reach.
 */
export async function raise(name: string, kubeconfig: string, options: UpOptions, work: Work): Promise<ClusterDescription> {
  if (options.provider.kind !== 'existing') throw new MeshproofError('PROVIDER', 'this provider uses clusters that exist');
  const { provider, mesh } = options;
  const config = await loadContext(provider.kubeconfig, provider.context);
  await writeFile(kubeconfig, config.exportConfig(), { mode: 0o600 });
  const context = config.getCurrentContext();
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    const adapter = await adapterOf({ mesh }, api);
    if ((await api.get({ apiVersion: 'v1', kind: 'Namespace', name: adapter.rootNamespace })) === undefined) {
      throw new MeshproofError('MESH_MISSING', `${context} has no namespace ${adapter.rootNamespace}, so no ${mesh}`, {
        hint: 'install the mesh first, or use --provider=kind',
      });
    }
    const image = process.env['MESHPROOF_SAMPLE_IMAGE'] ?? (await agentImage()).name;
    const began = performance.now();
    const rigs = await deployRigs(api, adapter, { count: options.rigs, image, owner: name }, work).catch(async (error: unknown) => {
      await removeRigs(api, name, {});
      throw error;
    });
    const timings = { rigsMs: Math.round(performance.now() - began) };
    return {
      name,
      provider: 'existing',
      kubeconfig,
      context,
      mesh,
      rigs,
      versions: { kubernetes: await api.version(), ...(await adapter.versions(work)) },
      timings,
    };
  } finally {
    api.close();
  }
}

/** Removes our namespaces from the cluster, and nothing else. */
export async function lower({ name, kubeconfig, context }: ClusterDescription, work: Work): Promise<void> {
  const api = await KubernetesApi.open({ kubeconfig, context });
  try {
    await removeRigs(api, name, work);
  } finally {
    api.close();
  }
}
