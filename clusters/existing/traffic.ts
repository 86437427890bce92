import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { OWNER_LABEL } from '../rigs/rig.ts';
import { namespacesOf } from './namespaces.ts';

const NAME = 'meshproof';

/** Network policies of others in a namespace. Whether they are enforced depends on the cluster's network. */
export async function networkPolicies(api: KubernetesApi, namespace: string, signal?: AbortSignal): Promise<LiveObject[]> {
  const found = await api.list('networking.k8s.io/v1', 'NetworkPolicy', { namespace, ...omitUndefined({ signal }) });
  return found.filter(({ metadata }) => metadata.name !== NAME);
}

/**
 * Policies that let a rig's samples, and what its checks add to them, reach each other, the mesh's root namespace and DNS, and nothing
 * else. Policies add up, so these are created only where others exist. A pod that any policy selects loses all traffic that none allows, so
 * they select only meshproof's pods.
 * @param guarded the namespaces that contain policies of others
 */
export function sampleNetworkPolicies(rig: string, root: string, guarded: { has: (namespace: string) => boolean }): Manifest[] {
  const names = [...namespacesOf(rig), root];
  const peers = [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: names }] } }];
  const dns = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }));
  const places = namespacesOf(rig).filter((namespace) => guarded.has(namespace));
  return places.map((namespace) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: NAME, namespace },
    spec: {
      podSelector: { matchExpressions: [{ key: OWNER_LABEL, operator: 'Exists' }] },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: peers }],
      egress: [{ to: peers }, { ports: dns }],
    },
  }));
}
