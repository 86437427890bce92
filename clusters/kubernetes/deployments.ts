import { until } from '../until.ts';
import { omitUndefined } from './omit-undefined.ts';
import { type LiveObject, refOf } from './live-object.ts';
import type { Manifest } from './manifest.ts';
import type { ObjectApi } from './object-api.ts';
import type { WaitOptions } from './object-options.ts';
import { type Pod, isReady, whyNotReady } from './pods.ts';

interface Deployment extends LiveObject {
  spec: { replicas?: number; selector: { matchLabels?: Record<string, string> } };
  status?: {
    conditions?: NonNullable<LiveObject['status']>['conditions'] & {};
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
}

/**
 * Waits until every Deployment among the objects has rolled out: all its pods are of the current template and available, and there are no
 * others. A terminating pod of an earlier template still serves requests, so it must be gone.
 * @throws MeshproofError with code `TIMED_OUT`, which says for each pod why it is not ready
 */
export async function rolledOut(api: ObjectApi, objects: readonly Manifest[], options: WaitOptions = {}): Promise<void> {
  const { timeoutMs = 90_000, signal } = options;
  const waits = objects.map(async (object) => {
    if (object.kind !== 'Deployment') return;
    const look = async (): Promise<boolean> => {
      const live = await api.get<Deployment>(refOf(object), signal);
      const pods = live === undefined ? [] : await podsOf(api, live, signal);
      if (live !== undefined && isRolledOut(live) && pods.every(({ metadata }) => metadata.deletionTimestamp === undefined)) return true;
      throw new Error(
        pods
          .filter((pod) => !isReady(pod))
          .map(whyNotReady)
          .join('; ') || 'it has no pods yet',
      );
    };
    await until(look, { what: `Deployment ${object.metadata.name} to roll out`, timeoutMs, ...omitUndefined({ signal }) });
  });
  await Promise.all(waits);
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  const { observedGeneration, replicas, updatedReplicas, availableReplicas } = status ?? {};
  return (
    observedGeneration === metadata['generation'] && [replicas, updatedReplicas, availableReplicas].every((count = 0) => count === wanted)
  );
}

async function podsOf(api: ObjectApi, { metadata, spec }: Deployment, signal: AbortSignal | undefined): Promise<Pod[]> {
  const labelSelector = Object.entries(spec.selector.matchLabels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  return await api.list<Pod>('v1', 'Pod', { labelSelector, ...omitUndefined({ namespace: metadata.namespace, signal }) });
}
