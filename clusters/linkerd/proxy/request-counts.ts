import { omitUndefined } from '../../kubernetes/omit-undefined.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { UNREPORTED, type RequestCount } from '../../mesh/observations.ts';
import { SAMPLE_PORTS } from '../../rigs/rig.ts';
import { ADMIN_PORT, metrics, type Sample } from './admin.ts';

/** Ports that are only probed: the samples' readiness port, and the proxy's metrics port, which Prometheus and meshproof query too. */
const PROBED = new RegExp(`:(${SAMPLE_PORTS.ready}|${ADMIN_PORT})$`);

/** Whether a series counts requests that were not meant for the application. */
export const isProbe = ({ target_addr: target = '' }: Sample['labels']): boolean => PROBED.test(target);

/** Reads the proxy's counter of responses, which includes the status; the labels of both sides' pods are left for the scraper to add. */
export async function requestCounts(access: ClusterAccess, pod: PodRef): Promise<RequestCount[]> {
  return (await metrics(access, pod, ['response_total'])).flatMap((sample) => requestCountOf(sample, pod) ?? []);
}

/**
 * A series in the mesh-neutral form: the caller's proxy knows whom it called, and the callee's proxy knows the caller by its identity.
 * @param own the pod whose proxy counted
 */
export function requestCountOf({ labels, value }: Sample, own: PodRef): RequestCount | undefined {
  const { direction, tls, status_code: status, dst_deployment: workload, dst_namespace: namespace, dst_service: service } = labels;
  if (status === undefined || (direction !== 'inbound' && direction !== 'outbound') || isProbe(labels)) return undefined;
  const self = { workload: workloadOf(own.name), namespace: own.namespace };
  const common = { status: Number(status), secured: tls === 'true', count: value };
  if (direction === 'inbound') {
    const from = { ...omitUndefined({ identity: labels['client_id'] }), workload: UNREPORTED, namespace: UNREPORTED };
    return { side: 'server', from, to: { ...self, service: UNREPORTED }, ...common };
  }
  return { side: 'client', from: self, to: omitUndefined({ workload, namespace, service, identity: labels['server_id'] }), ...common };
}

/** The Deployment of a pod, by the pod's name, which ends with two generated parts. */
const workloadOf = (pod: string): string => pod.replace(/-[0-9a-z]+-[0-9a-z]{5}$/, '');
