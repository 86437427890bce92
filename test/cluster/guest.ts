import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';

import { parse } from 'yaml';

import { pluralOf } from '../../clusters/existing/rights.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { apiRoot } from '../../clusters/kubernetes/discovery.ts';
import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { FACTS } from '../../clusters/istio/facts.ts';
import { until } from '../../clusters/until.ts';

/** A kubeconfig with the context `guest`, for the service account that `meshproof rbac` describes. */
export async function tokenKubeconfig(owner: KubernetesApi, { kubeconfig }: { kubeconfig: string }): Promise<string> {
  const path = '/api/v1/namespaces/meshproof-system/serviceaccounts/meshproof/token';
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 7_200 } };
  const { status } = await owner.connection.json<{ status: { token: string } }>('POST', path, { description: 'asking for a token', body });
  const { clusters }: { clusters: { name: string }[] } = parse(await readFile(kubeconfig, 'utf8'));
  return JSON.stringify({
    clusters,
    users: [{ name: 'guest', user: { token: status.token } }],
    contexts: [{ name: 'guest', context: { cluster: clusters[0]?.name, user: 'guest' } }],
    'current-context': 'guest',
  });
}

/** Creates objects as their owner would: with another field manager than meshproof's, by which meshproof recognises its own objects. */
export async function createAsOwner(owner: KubernetesApi, objects: readonly Manifest[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    const request = { description: `creating ${kind} ${metadata.name}`, query: { fieldManager: 'owner' }, body: object };
    await owner.connection.text('POST', `${apiRoot(apiVersion)}${place}/${pluralOf(kind)}`, request);
  }
}

/** Kinds whose objects a guest could have created, changed or left, except for those that a cluster changes by itself. */
const KINDS: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['v1', 'Namespace'],
  ['v1', 'Pod'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['v1', 'Secret'],
  ['v1', 'ConfigMap'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
];

/** Every object of the cluster by kind, namespace, name and UID, so that an object that was recreated counts as another one. */
export async function worldOf(owner: KubernetesApi): Promise<string[]> {
  const kinds = [...KINDS, ...FACTS.schemas().newest];
  const lists = await Promise.all(
    kinds.map(([apiVersion, kind]) => owner.serves({ apiVersion, kind }).then((served) => (served ? owner.list(apiVersion, kind) : []))),
  );
  return lists
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.uid}`)
    .toSorted();
}

/** The same once two consecutive readings are equal, because a control plane that is ready still creates objects in each namespace. */
export async function worldAtRest(owner: KubernetesApi): Promise<string[]> {
  let before: string[] | undefined;
  const isSame = async (): Promise<string[] | false> => {
    const now = await worldOf(owner);
    const found = isDeepStrictEqual(now, before) && now;
    before = now;
    return found;
  };
  return await until(isSame, { what: 'the cluster to come to rest', timeoutMs: 120_000, everyMs: 5_000 });
}
