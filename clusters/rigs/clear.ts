import { until } from '../until.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { FIELD_MANAGER, type RemoveOptions } from '../kubernetes/object-api.ts';
import { given } from '../kubernetes/given.ts';
import { istioKinds } from '../kubernetes/istio-schemas.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import { ACTOR_LABEL } from './rig.ts';

/** Kinds of which the harness or a check may have applied objects, beside the mesh's own. */
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
  ['gateway.networking.k8s.io/v1', 'GRPCRoute'],
  ['gateway.networking.k8s.io/v1', 'Gateway'],
];

interface Managed extends LiveObject {
  metadata: LiveObject['metadata'] & { managedFields?: { manager?: string; operation?: string }[] };
}

/**
 * Removes from namespaces that stay whatever meshproof has applied there, as the API server recorded it, and waits until its pods are gone.
 * What others have made is not touched. A kind that the account may not list it cannot have made.
 */
export async function clearNamespaces(api: KubernetesApi, namespaces: readonly string[], options: RemoveOptions = {}): Promise<void> {
  const { signal, timeoutMs = 180_000 } = options;
  const kinds = [...KINDS, ...[...istioKinds()].map(([kind, versions]) => [versions.toSorted().at(-1) ?? '', kind] as const)];
  for (const namespace of namespaces) {
    const lists = await Promise.all(kinds.map(([apiVersion, kind]) => ours(api, apiVersion, kind, namespace, signal)));
    await api.remove(lists.flat(), options);
    const look = async (): Promise<boolean> => {
      const pods = await api.list('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, ...given({ signal }) });
      return pods.length === 0;
    };
    await until(look, { what: `the samples of ${namespace} to be gone`, timeoutMs, ...given({ signal }) });
  }
}

async function ours(
  api: KubernetesApi,
  apiVersion: string,
  kind: string,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<LiveObject[]> {
  try {
    const found = await api.list<Managed>(apiVersion, kind, { namespace, ...given({ signal }) });
    return found.filter(({ metadata }) =>
      metadata.managedFields?.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply'),
    );
  } catch (error) {
    if (error instanceof ApiRefusal && (error.status === 403 || error.status === 404)) return [];
    throw error;
  }
}
