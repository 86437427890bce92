import type { KubernetesApi } from '../kubernetes/api.ts';
import { rolledOut } from '../kubernetes/deployments.ts';
import { refOf } from '../kubernetes/live-object.ts';
import type { TaskContext } from '../task-context.ts';
import { neighbourOf } from './rig.ts';

/** What `kubectl rollout restart` sets, too. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const PATIENCE_MS = 180_000;

const namespacesWithProxies = (rig: string): string[] => [rig, neighbourOf(rig)];

/** Sets labels of the namespaces whose pods get a proxy; null removes one. */
export async function labelMeshed(api: KubernetesApi, rig: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
  for (const name of namespacesWithProxies(rig)) await api.patch({ apiVersion: 'v1', kind: 'Namespace', name }, { metadata: { labels } });
}

/**
 * Restarts the Deployments of a rig whose pods get a proxy, one after the other, because several at once would compete for a small machine.
 * Returns once the last pod that was replaced is gone.
 * @throws MeshproofError `TIMED_OUT` if a new pod does not become ready
 */
export async function restartMeshed(api: KubernetesApi, rig: string, { signal, progress }: TaskContext = {}): Promise<void> {
  const waiting = { timeoutMs: PATIENCE_MS, ...(signal === undefined ? {} : { signal }) };
  for (const namespace of namespacesWithProxies(rig)) {
    for (const deployment of await api.list('apps/v1', 'Deployment', { namespace, ...(signal === undefined ? {} : { signal }) })) {
      progress?.(`restarting ${namespace}/${deployment.metadata.name}`);
      const template = { metadata: { annotations: { [RESTARTED_AT]: new Date().toISOString() } } };
      await api.patch(refOf(deployment), { spec: { template } });
      await rolledOut(api, [deployment], waiting);
    }
  }
}
