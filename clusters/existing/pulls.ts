import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { Pod } from '../kubernetes/pods.ts';
import { ACTOR_LABEL } from '../rigs/rig.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';

/** How long pulls may fail before the failure is final, because a registry may fail once. */
const PATIENCE_MS = 15_000;

/**
 * Runs `deploy`, and aborts it if the nodes cannot pull the sample image, so that it does not wait in vain.
 * @throws MeshproofError `IMAGE_UNREACHABLE` with the node's own words
 */
export async function abortIfUnpullable(
  api: KubernetesApi,
  namespaces: readonly string[],
  image: string,
  task: TaskContext,
  deploy: (task: TaskContext) => Promise<void>,
): Promise<void> {
  const done = new AbortController();
  const failed = new AbortController();
  const signals = [failed.signal, ...(task.signal === undefined ? [] : [task.signal])];
  const watch = async (): Promise<void> => {
    let since: number | undefined;
    const look = async (): Promise<boolean> => {
      const why = await pullFailure(api, namespaces, done.signal);
      // Between two attempts, the status does not show the failure of the first.
      if (why !== undefined) since ??= performance.now();
      if (why === undefined || since === undefined || performance.now() - since < PATIENCE_MS) return false;
      failed.abort(
        new MeshproofError('IMAGE_UNREACHABLE', `the nodes cannot pull the sample image ${image}: ${why}`, {
          hint: '--sample-image names another image of Node.js 24, --registry a mirror, and --pull-secret the Secret to pull with',
        }),
      );
      return true;
    };
    await until(look, { what: 'images', timeoutMs: 600_000, everyMs: 2_000, signal: done.signal });
  };
  // It ends by the abort below, or after it has called `failed`.
  const watching = watch().catch(() => undefined);
  try {
    await deploy({ ...task, signal: AbortSignal.any(signals) });
  } finally {
    done.abort();
    await watching;
  }
}

async function pullFailure(api: KubernetesApi, namespaces: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const lists = await Promise.all(
    namespaces.map((namespace) => api.list<Pod>('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, ...omitUndefined({ signal }) })),
  );
  const waiting = lists.flat().flatMap(({ status }) => (status?.containerStatuses ?? []).flatMap(({ state }) => state?.waiting ?? []));
  const failing = waiting.find(({ reason }) => /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)$/.test(reason ?? ''));
  return failing === undefined ? undefined : (failing.message ?? failing.reason ?? 'no reason given');
}
