import { MeshproofError, causeOf } from '../errors.ts';
import type { KubernetesApi } from '../kubernetes/api.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import { omitUndefined } from '../kubernetes/omit-undefined.ts';
import type { LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import type { SampleOptions } from '../rigs/agent.ts';
import { rigObjects } from '../rigs/rig.ts';
import { sum, type Amounts } from './quantities.ts';

/** What a cluster's policies say about the samples of one namespace. */
export interface Admission {
  namespace: string;
  /** Why a sample pod would be rejected, in the policy's own words. */
  refused?: string;
  /** The total resource requests of the pods, including their proxies, by the names that quotas use. */
  wanted: Amounts;
}

interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

interface Container {
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

type AdmittedPod = LiveObject & { spec: { containers: Container[]; initContainers?: (Container & { restartPolicy?: string })[] } };

/** The pods that the Deployments of a rig would create, by namespace. */
export function samplePods(rig: string, samples: SampleOptions, mesh: MeshFacts, annotations: Record<string, string> = {}): Manifest[] {
  return rigObjects(rig, samples, mesh, annotations).flatMap((object) => {
    if (object.kind !== 'Deployment') return [];
    const { template } = object['spec'] as { template: PodTemplate };
    // A dry run also validates service accounts, and meshproof's do not exist yet.
    const spec = { ...template.spec, serviceAccountName: 'default' };
    const metadata = { ...template.metadata, name: `meshproof-${object.metadata.name}`, namespace: object.metadata.namespace ?? rig };
    return [{ apiVersion: 'v1', kind: 'Pod', metadata, spec }];
  });
}

/**
 * Asks the API server by dry runs to admit the pods: webhooks inject their proxies, then Pod Security, limit ranges and policies are
 * applied. Quotas consider each pod alone, so the requests of all pods are added up here.
 */
export async function admissions(api: KubernetesApi, pods: readonly Manifest[], signal?: AbortSignal): Promise<Admission[]> {
  const byNamespace = Map.groupBy(pods, ({ metadata }) => metadata.namespace ?? '');
  return await Promise.all(
    [...byNamespace].map(async ([namespace, members]): Promise<Admission> => {
      const answers = await Promise.all(members.map((pod) => dryRun(api, namespace, pod, signal)));
      const refused = answers.find((answer) => typeof answer === 'string');
      const admitted = answers.filter((answer) => typeof answer !== 'string');
      return { namespace, wanted: sum(admitted.map(amountsOf)), ...(refused === undefined ? {} : { refused }) };
    }),
  );
}

async function dryRun(
  api: KubernetesApi,
  namespace: string,
  pod: Manifest,
  signal: AbortSignal | undefined,
): Promise<AdmittedPod | string> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const request = {
    description: `a dry run of pod ${pod.metadata.name} in ${namespace}`,
    query: { dryRun: 'All' },
    body: pod,
    ...omitUndefined({ signal }),
  };
  try {
    return await api.connection.json<AdmittedPod>('POST', path, request);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiRefusal) return error.message;
    throw new MeshproofError('ADMISSION_UNKNOWN', `the admission dry run of the sample pods failed: ${causeOf(error)}`, {
      cause: error,
    });
  }
}

/** Computed as the scheduler and quotas do: containers together, including native sidecars. */
function amountsOf({ spec }: AdmittedPod): Amounts {
  const staying = [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')];
  const parts = staying.flatMap(({ resources = {} }) => [
    Object.fromEntries(Object.entries(resources.requests ?? {}).map(([name, value]) => [`requests.${name}`, value])),
    Object.fromEntries(Object.entries(resources.limits ?? {}).map(([name, value]) => [`limits.${name}`, value])),
  ]);
  return sum([{ pods: '1' }, ...parts]);
}
