import type { PodRef } from '../../kubernetes/manifest.ts';
import type { CountsByPod, ProxyCounts } from '../../mesh/observations.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { ADMIN_PORT } from './admin.ts';

interface Stat {
  name?: string;
  value?: string | number;
}

interface ClustersPage {
  cluster_statuses?: {
    name?: string;
    host_statuses?: {
      address?: { socket_address?: { address?: string } };
      stats?: Stat[];
    }[];
  }[];
}

/**
 * Reads Envoy's counters of each endpoint, which exist whatever statistics the bootstrap enables. An attempt counts when it is sent, and so
 * does a retry; a 5xx or a lost connection counts as failed. Endpoints that are not pods are skipped.
 */
export async function proxyCounts(access: ClusterAccess, pod: PodRef): Promise<ProxyCounts> {
  const page = await access.fetchText(pod, ADMIN_PORT, '/clusters?format=json');
  const pods = await Promise.all(calledNamespaces(page, pod.namespace).map((namespace) => access.pods(namespace)));
  const names = new Map(
    pods.flat().flatMap(({ metadata, status }) => (status?.podIP === undefined ? [] : [[status.podIP, metadata.name]])),
  );
  return parseCounts(page, (address) => names.get(address), pod.name);
}

/**
 * The pod's own namespace, and those of Services that it has called. Other pods are not needed, and the account may not be allowed to list
 * them.
 */
function calledNamespaces(text: string, own: string): string[] {
  const { cluster_statuses: clusters = [] }: ClustersPage = JSON.parse(text);
  const called = clusters.filter(({ host_statuses: hosts = [] }) => hosts.some(({ stats = [] }) => valueOf(stats, 'rq_total') > 0));
  const names = called.flatMap(({ name = '' }) => /^outbound\|\d+\|[^|]*\|[^.|]+\.([^.|]+)\.svc\./.exec(name)?.[1] ?? []);
  return [...new Set([own, ...names])];
}

/** Parses the page `/clusters?format=json`; Istio's names of clusters start with the direction. */
export function parseCounts(text: string, podAt: (address: string) => string | undefined, own: string): ProxyCounts {
  const { cluster_statuses: clusters = [] }: ClustersPage = JSON.parse(text);
  const sent: CountsByPod = {};
  const received: CountsByPod = { [own]: { requests: 0, failed: 0 } };
  for (const { name = '', host_statuses: hosts = [] } of clusters) {
    const [direction] = name.split('|', 1);
    for (const { address, stats = [] } of hosts) {
      const to = direction === 'inbound' ? own : podAt(address?.socket_address?.address ?? '');
      const counts = direction === 'inbound' ? received : direction === 'outbound' ? sent : undefined;
      if (counts === undefined || to === undefined) continue;
      const count = (counts[to] ??= { requests: 0, failed: 0 });
      count.requests += valueOf(stats, 'rq_total');
      count.failed += valueOf(stats, 'rq_error');
    }
  }
  return { sent, received };
}

const valueOf = (stats: readonly Stat[], name: string): number => Number(stats.find((one) => one.name === name)?.value ?? 0);
