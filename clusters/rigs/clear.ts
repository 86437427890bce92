import { settled } from '../settled.ts';
import { until } from '../until.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { MeshAdapter } from '../mesh/adapter.ts';
import type { RemoveOptions } from '../kubernetes/object-options.ts';
import { listed, type Kind, type Unseen } from './listed.ts';
import { nameWithMaker, removeOurs } from './ownership.ts';
import { ACTOR_LABEL } from './rig.ts';

/** Kinds that the harness or a check may have applied, in addition to those of the mesh. */
const KINDS: readonly Kind[] = [
  ['apps/v1', 'Deployment'],
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
  ['gateway.networking.k8s.io/v1', 'GRPCRoute'],
  ['gateway.networking.k8s.io/v1', 'Gateway'],
];

/**
 * Empties namespaces that are to be kept: removes everything that meshproof created there for an owner, and waits until its pods are gone.
 * Objects that others created, or also apply, are not touched.
 * @param unseen called for kinds that the account may not list
 * @returns descriptions of the objects that remain because others also apply them
 */
export async function clearNamespaces(
  api: KubernetesApi,
  mesh: MeshAdapter,
  namespaces: readonly string[],
  { unseen, ...options }: RemoveOptions & { owner: string; unseen: Unseen },
): Promise<string[]> {
  const { signal, timeoutMs = 180_000 } = options;
  const stop = omitUndefined({ signal });
  const cleared = namespaces.map(async (namespace) => {
    const kinds = [...KINDS, ...mesh.facts.schemas().newest];
    const lists = await Promise.all(kinds.map((kind) => listed(api, kind, { namespace, ...stop }, unseen)));
    const { removed, shared } = await removeOurs(api, lists.flat(), options);
    const ours = new Set(removed.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name));
    const look = async (): Promise<boolean> => {
      const pods = await api.list('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, ...stop });
      return !pods.some(({ metadata }) => ours.has(metadata.labels?.[ACTOR_LABEL] ?? ''));
    };
    await until(look, { what: `the samples of ${namespace} to be gone`, timeoutMs, ...stop });
    return shared.map(nameWithMaker);
  });
  return (await settled(cleared)).flat();
}
