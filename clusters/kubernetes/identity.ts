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

/** A context of a kubeconfig. Another user's context of the same name may be a different cluster. */
export interface Named {
  kubeconfig?: string;
  context?: string;
}

const PATIENCE_MS = 10_000;

/** A unique identifier of the cluster: the UID of its namespace kube-system. Undefined if the account may not read that. */
export async function clusterUid(api: KubernetesApi, signal?: AbortSignal): Promise<string | undefined> {
  const namespace = await api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal).catch((error: unknown) => {
    if (error instanceof ApiRefusal) return undefined;
    throw error;
  });
  return namespace?.metadata.uid;
}

/**
 * Whether a context leads to the cluster in which rigs were left: compares the UIDs if both are known, or else the address of the API
 * server together with its CA. If neither is conclusive, returns false.
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
 * Ensures, before something is removed, that this is the cluster in which it was created.
 * @param holds whether the cluster contains anything of it; asked if nothing else identifies the cluster, because its name is unique
 * @throws MeshproofError `OTHER_CLUSTER`, or `CLUSTER_UNCERTAIN` if neither a UID nor a certificate nor such an object identifies the cluster
 */
export async function requireSameCluster(
  api: KubernetesApi,
  cluster: ClusterDescription,
  holds: () => Promise<boolean>,
  task: TaskContext,
): Promise<void> {
  const { name, kubeconfig, context, uid } = cluster;
  const found = await patiently(() => clusterUid(api, task.signal), task);
  if (uid !== undefined && found === uid) return;
  const other = `to a different cluster than the one in which ${name} was created`;
  if (uid !== undefined && found !== undefined) {
    throw new MeshproofError('OTHER_CLUSTER', `context ${context} points ${other}`, { hint: 'point the context to that cluster again' });
  }
  // The kubeconfig is a copy with the address and CA at the time of creation.
  if ((await vouchedAddress(await loadContext(kubeconfig, context))) !== undefined) return;
  if (uid === undefined && (await patiently(holds, task))) return;
  const why =
    uid === undefined
      ? 'neither a UID nor a certificate identified it then, and nothing there has its name'
      : 'the account may no longer read the namespace kube-system, and no certificate identifies the cluster';
  const byHand = `check the context yourself, run npx meshproof sweep --provider=existing with it, and remove ${dirname(kubeconfig)}`;
  throw new MeshproofError('CLUSTER_UNCERTAIN', `context ${context} may point ${other}: ${why}`, {
    hint: uid === undefined ? byHand : `allow the account to get that namespace; or ${byHand}`,
  });
}

/** The API server's address without credentials; undefined if the kubeconfig does not contain it. */
export async function serverOf({ kubeconfig, context }: Named): Promise<string | undefined> {
  return await loadContext(kubeconfig, context).then(shownAddress, () => undefined);
}

/** The location of a cluster for humans: `context staging at https://10.1.2.3:6443`. */
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

/**
 * The address with the fingerprint of the CA that the server's certificate must be signed by; undefined if the connection is not verified.
 */
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
