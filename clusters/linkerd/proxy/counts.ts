import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { CountsByPod, ProxyCounts } from '../../mesh/observations.ts';
import { metrics, type Sample } from './admin.ts';
import { isProbe } from './request-counts.ts';

/** Reads a proxy's counters of requests and responses. Requests of the kubelet to the sample's readiness port are excluded. */
export async function proxyCounts(access: ClusterAccess, pod: PodRef): Promise<ProxyCounts> {
  return countsIn(await metrics(access, pod, ['request_total', 'response_total']), pod.name);
}

/** Adds up series by the pod at the other end; a response failed if the proxy classified it so. */
export function countsIn(samples: readonly Sample[], own: string): ProxyCounts {
  const sent: CountsByPod = {};
  const received: CountsByPod = { [own]: { requests: 0, failed: 0 } };
  for (const { name, labels, value } of samples) {
    const inbound = labels['direction'] === 'inbound';
    const at = inbound ? own : labels['dst_pod'];
    if (at === undefined || (inbound && isProbe(labels))) continue;
    const count = ((inbound ? received : sent)[at] ??= { requests: 0, failed: 0 });
    if (name === 'request_total') count.requests += value;
    else if (labels['classification'] === 'failure') count.failed += value;
  }
  return { sent, received };
}
