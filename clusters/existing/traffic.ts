import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { OWNER_LABEL } from '../rigs/rig.ts';
import { namespacesOf } from './namespaces.ts';

const NAME = 'meshproof';

/** The network policies of others in a namespace. Whether anything enforces them, only the cluster's network knows. */
export async function networkPolicies(api: KubernetesApi, namespace: string, signal?: AbortSignal): Promise<LiveObject[]> {
  const found = await api.list('networking.k8s.io/v1', 'NetworkPolicy', { namespace, ...omitUndefined({ signal }) });
  return found.filter(({ metadata }) => metadata.name !== NAME);
}

/**
 * Policies that let a rig's samples, and what its checks add to them, reach each other, the mesh's root namespace and DNS, and nothing else.
 * Policies add up, so they are made only where others are. A pod that any policy selects loses what none allows: they select none but ours.
 * @param guarded the namespaces where policies of others stand
 */
export function samplesMaySpeak(rig: string, root: string, guarded: { has: (namespace: string) => boolean }): Manifest[] {
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
