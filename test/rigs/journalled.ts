import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { JournalledApi } from '../../clusters/rigs/journalled-api.ts';

export const RIG = 'run-rig-0';
export const STRICT = '/apis/security.istio.io/v1beta1/namespaces/istio-system/peerauthentications/default-strict';
export const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${RIG}/leases/meshproof`;

export const strict: Manifest = {
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default-strict', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};
export const ours = { manager: 'meshproof', operation: 'Apply' };
export const settings = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

export const journalled = async (api: KubernetesApi): Promise<JournalledApi> =>
  new JournalledApi(api.connection, await Journal.open(api, RIG, { owner: 'run' }), { owner: 'run', rig: RIG });
