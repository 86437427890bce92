import type { LiveObject } from '../kubernetes/live-object.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { PodRef } from '../kubernetes/manifest.ts';
import { isReady, type Pod, whyNotReady } from '../kubernetes/pods.ts';
import { settled } from '../settled.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';
import { listed, notMade } from './listed.ts';
import { hasLabelled } from './ownership.ts';

/**
 * Marks a pod whose network or processes a fault changes. Its value is the name of the cluster whose check injects the fault. It is set
 * before the fault is injected and removed once the fault has ended, so that after a killed run it shows which pods to replace.
 */
const FAULT_LABEL = 'meshproof.dev/fault';
/** Annotation next to the label, which names the rig of the check. */
const FAULT_RIG = 'meshproof.dev/fault-rig';
/** Set on every pod of a Deployment to the hash of its template. */
const TEMPLATE_LABEL = 'pod-template-hash';
const KIND = { apiVersion: 'v1', kind: 'Pod' } as const;

/** Records in the cluster that a fault is about to affect a pod. */
export async function markFaulted(api: KubernetesApi, pod: PodRef, { owner, rig }: { owner: string; rig: string }): Promise<void> {
  await api.patch({ ...KIND, ...pod }, { metadata: { labels: { [FAULT_LABEL]: owner }, annotations: { [FAULT_RIG]: rig } } });
}

/** Records that the fault has ended without residue. */
export async function unmarkFaulted(api: KubernetesApi, pod: PodRef): Promise<void> {
  if ((await api.get({ ...KIND, ...pod })) === undefined) return;
  await api.patch({ ...KIND, ...pod }, { metadata: { labels: { [FAULT_LABEL]: null }, annotations: { [FAULT_RIG]: null } } });
}

/** Pods that a fault has affected, with the rig of the check. Because they will be deleted, the label counts only if meshproof set it. */
export async function faultedPods(
  api: KubernetesApi,
  { signal }: TaskContext,
): Promise<{ name: string; owner: string; rig: string | undefined; pod: LiveObject }[]> {
  const pods = await listed(api, [KIND.apiVersion, KIND.kind], { labelSelector: FAULT_LABEL, ...omitUndefined({ signal }) }, notMade);
  const changed = pods.filter((pod) => hasLabelled(pod, FAULT_LABEL));
  return changed.map((pod) => ({
    name: `the fault of Pod ${pod.metadata.namespace}/${pod.metadata.name}`,
    owner: pod.metadata.labels?.[FAULT_LABEL] ?? '',
    rig: pod.metadata.annotations?.[FAULT_RIG],
    pod,
  }));
}

/**
 * Deletes pods that a fault has affected, and waits for their replacements, which have a new network namespace and new processes. If the
 * injector of the fault still runs, it ends by itself.
 */
export async function replaceFaulted(api: KubernetesApi, pods: readonly LiveObject[], task: TaskContext = {}): Promise<void> {
  await api.remove(pods, { ...omitUndefined({ signal: task.signal }), timeoutMs: 90_000 });
  await settled(pods.map((pod) => replaced(api, pod, task)));
}

async function replaced(api: KubernetesApi, { metadata: { namespace, name, labels } }: LiveObject, { signal }: TaskContext): Promise<void> {
  const template = labels?.[TEMPLATE_LABEL];
  if (namespace === undefined || template === undefined) return;
  const look = async (): Promise<boolean> => {
    const options = { namespace, labelSelector: `${TEMPLATE_LABEL}=${template}`, ...omitUndefined({ signal }) };
    const unready = (await api.list<Pod>('v1', 'Pod', options)).filter((pod) => !isReady(pod));
    if (unready.length > 0) throw new Error(unready.map(whyNotReady).join('; '));
    return true;
  };
  await until(look, { what: `the replacement of pod ${name}`, timeoutMs: 90_000, ...omitUndefined({ signal }) });
}
