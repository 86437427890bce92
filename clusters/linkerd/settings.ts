import { parse } from 'yaml';

import type { ClusterAccess } from '../mesh/access.ts';
import type { MeshSettings } from '../mesh/settings.ts';
import { MESHED } from './facts.ts';

/** The ConfigMap with the values of the installation. */
const CONFIG_MAP = 'linkerd-config';

interface Values {
  clusterDomain?: string;
  identityTrustDomain?: string;
  egress?: { globalEgressNetworkNamespace?: string };
}

/**
 * The mesh-wide settings in the installation's values; missing ones have Linkerd's default. Only EgressNetworks apply to every namespace,
 * from a namespace of their own.
 * @param namespace namespace of the control plane
 */
export async function meshSettings(access: ClusterAccess, namespace: string, signal?: AbortSignal): Promise<MeshSettings> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CONFIG_MAP, namespace } };
  const { values = '' } = ((await access.get(object, namespace, signal))?.['data'] ?? {}) as { values?: string };
  const { clusterDomain, identityTrustDomain, egress } = (parse(values) ?? {}) as Values;
  return {
    controlPlane: namespace,
    controlPlaneNamespace: namespace,
    clusterDomain: clusterDomain || 'cluster.local',
    // Namespaces are annotated; labels have no effect.
    injection: { label: '', value: '' },
    namespaces: { meshed: MESHED, unmeshed: {} },
    rootNamespace: egress?.globalEgressNetworkNamespace || 'linkerd-egress',
    trustDomain: identityTrustDomain || clusterDomain || 'cluster.local',
  };
}
