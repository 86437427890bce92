import type { PodRef } from '../../kubernetes/manifest.ts';
import type { RequestCount } from '../../mesh/adapter.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { ADMIN_PORT } from './admin.ts';

const METRIC = 'istio_requests_total';

/** Reads Istio's request counter; a proxy without Istio's extensions has none, and a fresh one has none yet. */
export async function requestCounts(access: ClusterAccess, pod: PodRef): Promise<RequestCount[]> {
  return parseRequestCounts(await access.fetchText(pod, ADMIN_PORT, `/stats/prometheus?filter=${METRIC}`));
}

/** Reads the series of istio_requests_total from a page in Prometheus' text format. */
export function parseRequestCounts(text: string): RequestCount[] {
  return text.split('\n').flatMap((line) => {
    const [, labels, value] = /^istio_requests_total\{(.*)\} (\S+)(?: \d+)?$/.exec(line) ?? [];
    return labels === undefined ? [] : [{ labels: labelsOf(labels), value: Number(value) }];
  });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))]));
}
