import type { KubernetesApi } from '../kubernetes/api.ts';
import { given } from '../kubernetes/given.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { namespacesOf } from './namespaces.ts';

const NAME = 'meshproof';

/** The network policies of others in a namespace. Whether anything enforces them, only the cluster's network knows. */
export async function networkPolicies(api: KubernetesApi, namespace: string, signal?: AbortSignal): Promise<LiveObject[]> {
  const found = await api.list('networking.k8s.io/v1', 'NetworkPolicy', { namespace, ...given({ signal }) });
  return found.filter(({ metadata }) => metadata.name !== NAME);
}

/**
 * Policies that let a rig's samples reach each other, the mesh's root namespace and DNS, and nothing else. Policies add up, so they are needed
 * only where others are, and they open nothing to anybody else.
 */
export function samplesMaySpeak(rig: string, root: string): Manifest[] {
  const names = [...namespacesOf(rig), root];
  const peers = [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: names }] } }];
  const dns = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }));
  return namespacesOf(rig).map((namespace) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: NAME, namespace },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: peers }],
      egress: [{ to: peers }, { ports: dns }],
    },
  }));
}
