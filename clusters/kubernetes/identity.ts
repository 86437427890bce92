import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { KubernetesApi } from './api.ts';
import { ApiRefusal } from './api-error.ts';
import { addressOf } from './credentials.ts';
import { loadContext, type OneContext } from './kubeconfig.ts';
import { patiently } from './patiently.ts';

/** A context of a kubeconfig, by which a person names a cluster. Others may call another cluster the same. */
export interface Named {
  kubeconfig?: string;
  context?: string;
}

const PATIENCE_MS = 10_000;

/** What only one cluster has: the uid of its namespace kube-system. Undefined for an account that may not read it. */
export async function clusterUid(api: KubernetesApi, signal?: AbortSignal): Promise<string | undefined> {
  const namespace = await api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal).catch((error: unknown) => {
    if (error instanceof ApiRefusal) return undefined;
    throw error;
  });
  return namespace?.metadata.uid;
}

/**
 * Whether a context leads to the very cluster that rigs were left in: by its uid, where both are known, else by the address of the API server
 * together with the authority that vouches for it. What cannot be told is another cluster.
 */
export async function isSameCluster({ kubeconfig, context, uid }: ClusterDescription, named: Named): Promise<boolean> {
  try {
    const [left, meant] = await Promise.all([loadContext(kubeconfig, context), loadContext(named.kubeconfig, named.context)]);
    const found = uid === undefined ? undefined : await uidAt(named);
    if (found !== undefined) return found === uid;
    const vouched = await vouchedAddress(left);
    return vouched !== undefined && vouched === (await vouchedAddress(meant));
  } catch {
    return false;
  }
}

/**
 * Sees that the cluster which answers is the one in which something was created, before it is removed there.
 * @throws MeshproofError `OTHER_CLUSTER`, or `CLUSTER_UNCERTAIN` where neither a uid nor a certificate tells
 */
export async function requireSameCluster(api: KubernetesApi, cluster: ClusterDescription, task: TaskContext): Promise<void> {
  const { name, kubeconfig, context, uid } = cluster;
  const found = await patiently(() => clusterUid(api, task.signal), task);
  if (uid === undefined || found === uid) return;
  if (found !== undefined) {
    throw new MeshproofError(
      'OTHER_CLUSTER',
      `context ${context} points to a different cluster than the one in which ${name} was created`,
      {
        hint: 'point the context to that cluster again',
      },
    );
  }
  // The kubeconfig is a copy, with the address and the authority of then.
  if ((await vouchedAddress(await loadContext(kubeconfig, context))) !== undefined) return;
  const why = 'the account may no longer read the namespace kube-system, and no certificate identifies the cluster';
  throw new MeshproofError(
    'CLUSTER_UNCERTAIN',
    `context ${context} may point to a different cluster than the one in which ${name} was created: ${why}`,
    {
      hint: `allow the account to get that namespace; or check the context yourself, run npx meshproof sweep --provider=existing with it, and remove ${dirname(kubeconfig)}`,
    },
  );
}

/** The API server's address, without credentials; undefined where the kubeconfig does not tell it. */
export async function serverOf({ kubeconfig, context }: Named): Promise<string | undefined> {
  return await loadContext(kubeconfig, context).then(shownAddress, () => undefined);
}

/** Where a cluster is, for a person: `context staging at https://10.1.2.3:6443`. */
export async function whereabouts(named: Named): Promise<string> {
  const server = await serverOf(named);
  return `context ${named.context}${server === undefined ? '' : ` at ${server}`}`;
}

async function uidAt({ kubeconfig, context }: Named): Promise<string | undefined> {
  const api = await KubernetesApi.open({ ...(kubeconfig && { kubeconfig }), ...(context && { context }) });
  try {
    return await clusterUid(api, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
  } finally {
    api.close();
  }
}

/** The address with the fingerprint of the authority by which the server must prove that it is the one; undefined where it need not. */
async function vouchedAddress(config: OneContext): Promise<string | undefined> {
  const [{ cluster }] = config.clusters;
  const { 'certificate-authority': file, 'certificate-authority-data': data, 'insecure-skip-tls-verify': unverified } = cluster;
  const address = shownAddress(config);
  if (address?.startsWith('https:') !== true || unverified === true) return undefined;
  const authority = data === undefined ? (file === undefined ? '' : await readFile(file, 'utf8')) : Buffer.from(data, 'base64');
  return `${address} ${createHash('sha256').update(authority).digest('hex')}`;
}

function shownAddress(config: OneContext): string | undefined {
  const url = addressOf(config.clusters[0].cluster, config.users[0]?.user ?? {});
  return url === undefined ? undefined : `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}
