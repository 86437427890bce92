import { parse } from 'yaml';

import type { ClusterAccess } from '../mesh/access.ts';
import type { MeshSettings } from '../mesh/settings.ts';

/** Where istiod reads the settings of the whole mesh; that of a revision other than the default has another name. */
const CONFIG_MAP = 'istio';

/**
 * What MeshConfig says of the whole mesh; what it does not say has Istio's default.
 * @param namespace of the control plane, which is the root namespace where nothing else is said
 */
export async function meshSettings(access: ClusterAccess, namespace: string, signal?: AbortSignal): Promise<MeshSettings> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CONFIG_MAP, namespace } };
  const { mesh = '' } = ((await access.get(object, namespace, signal))?.['data'] ?? {}) as { mesh?: string };
  const { rootNamespace, trustDomain } = (parse(mesh) ?? {}) as Partial<MeshSettings>;
  // Istio takes an empty text for none.
  return { rootNamespace: rootNamespace || namespace, trustDomain: trustDomain || 'cluster.local' };
}
