import { MeshproofError } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import type { Pod } from '../kubernetes/pods.ts';
import { ACTOR_LABEL } from '../rigs/rig.ts';
import { until } from '../until.ts';
import type { TaskContext } from '../task-context.ts';

/** How long pulls may fail before the failure is final, because a registry may fail once. */
const PATIENCE_MS = 15_000;

/**
 * Runs `deploy`, and aborts it if the nodes cannot pull the sample image or that of a proxy, so that it does not wait in vain.
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
      const problem = await pullProblem(api, namespaces, image, done.signal);
      // Between two attempts, the status does not show the failure of the first.
      if (problem !== undefined) since ??= performance.now();
      if (problem === undefined || since === undefined || performance.now() - since < PATIENCE_MS) return false;
      failed.abort(new MeshproofError('IMAGE_UNREACHABLE', problem.message, { hint: problem.hint }));
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

async function pullProblem(
  api: KubernetesApi,
  namespaces: readonly string[],
  image: string,
  signal: AbortSignal,
): Promise<{ message: string; hint: string } | undefined> {
  const lists = await Promise.all(
    namespaces.map((namespace) => api.list<Pod>('v1', 'Pod', { namespace, labelSelector: ACTOR_LABEL, signal })),
  );
  return unpullable(lists.flat(), image);
}

/** The kubelet's reasons for a container whose image it cannot get. Source: k8s.io/kubernetes/pkg/kubelet/images/types.go, k8s.io/cri-api/pkg/errors. */
const UNPULLABLE =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable|SignatureValidationFailed)$/;

/**
 * Why the image of a container cannot be pulled, and what to do; undefined if no container waits for one. Classic proxies are prepared by
 * an init container, and native sidecars are init containers, so a sample may not even try to pull its own image.
 * @param image the image of the samples; any other is due to the cluster, which may add containers and change images
 */
export function unpullable(pods: readonly Pod[], image: string): { message: string; hint: string } | undefined {
  for (const { metadata, spec, status } of pods) {
    for (const { name, state } of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
      const { reason = '', message = reason } = state?.waiting ?? {};
      if (!UNPULLABLE.test(reason)) continue;
      const its = [...(spec.initContainers ?? []), ...spec.containers].find((container) => container.name === name)?.image;
      if (its === image) {
        const hint = '--sample-image names another image of Node.js 24, --registry a mirror, and --pull-secret the Secret to pull with';
        return { message: `the nodes cannot pull the sample image ${image}: ${message}`, hint };
      }
      return {
        message: `the nodes cannot pull ${its ?? 'the image'} for the container ${name} of ${metadata.namespace}/${metadata.name}: ${message}`,
        hint: 'the cluster added this container or changed its image, e.g. by the configuration of the mesh; --pull-secret names a Secret to pull it with',
      };
    }
  }
  return undefined;
}
