import { omitUndefined } from '../../kubernetes/omit-undefined.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { UNTOLD, type RequestCount } from '../../mesh/observations.ts';
import { SAMPLE_PORTS } from '../../rigs/rig.ts';
import { ADMIN_PORT, metrics, type Sample } from './admin.ts';

/** Ports for the kubelet's probes alone: the samples' own, and that of the proxy's metrics, which Prometheus and meshproof ask for too. */
const PROBED = new RegExp(`:(${SAMPLE_PORTS.ready}|${ADMIN_PORT})$`);

/** Whether a series counts what nobody asked of the application. */
export const isProbe = ({ target_addr: target = '' }: Sample['labels']): boolean => PROBED.test(target);

/** Reads the proxy's counter of answers, which names the status; the labels of both sides' pods are for whoever scrapes to add. */
export async function requestCounts(access: ClusterAccess, pod: PodRef): Promise<RequestCount[]> {
  return (await metrics(access, pod, ['response_total'])).flatMap((sample) => requestCountOf(sample, pod) ?? []);
}

/**
 * What a series tells, in the words of all meshes: the caller's proxy knows whom it called, that of who was called by its identity who called.
 * @param own the pod whose proxy counted
 */
export function requestCountOf({ labels, value }: Sample, own: PodRef): RequestCount | undefined {
  const { direction, tls, status_code: status, dst_deployment: workload, dst_namespace: namespace, dst_service: service } = labels;
  if (status === undefined || (direction !== 'inbound' && direction !== 'outbound') || isProbe(labels)) return undefined;
  const self = { workload: workloadOf(own.name), namespace: own.namespace };
  const common = { status: Number(status), secured: tls === 'true', count: value };
  if (direction === 'inbound') {
    const from = { ...omitUndefined({ identity: labels['client_id'] }), workload: UNTOLD, namespace: UNTOLD };
    return { side: 'server', from, to: { ...self, service: UNTOLD }, ...common };
  }
  return { side: 'client', from: self, to: omitUndefined({ workload, namespace, service, identity: labels['server_id'] }), ...common };
}

/** The Deployment of a pod, by the pod's name: two generated parts follow it. */
const workloadOf = (pod: string): string => pod.replace(/-[0-9a-z]+-[0-9a-z]{5}$/, '');
