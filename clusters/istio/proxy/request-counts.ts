import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { LabelledCount, RequestCount, RequestParty } from '../../mesh/observations.ts';
import { ADMIN_PORT } from './admin.ts';

const METRIC = 'istio_requests_total';
/** Values of the label `reporter`; a waypoint reports neither. */
const SIDES: Readonly<Record<string, RequestCount['side']>> = { source: 'client', destination: 'server' };
/** Values of `connection_security_policy`; the caller's proxy reports `unknown`. */
const SECURED: Readonly<Record<string, boolean>> = { mutual_tls: true, none: false };

/** Reads Istio's request counter. A proxy without Istio's extensions has none, and a new one has none yet. */
export async function labelledCounts(access: ClusterAccess, pod: PodRef): Promise<LabelledCount[]> {
  return parseLabelledCounts(await access.fetchText(pod, ADMIN_PORT, `/stats/prometheus?filter=${METRIC}`));
}

/** Parses the series of istio_requests_total from a page in Prometheus' text format. */
export function parseLabelledCounts(text: string): LabelledCount[] {
  return text.split('\n').flatMap((line) => {
    const [, labels, value] = /^istio_requests_total\{(.*)\} (\S+)(?: \d+)?$/.exec(line) ?? [];
    return labels === undefined ? [] : [{ labels: labelsOf(labels), count: Number(value) }];
  });
}

/** A series in the mesh-neutral form; undefined unless the caller's or the callee's proxy reported it. */
export function requestCountOf({ labels, count }: LabelledCount): RequestCount | undefined {
  const side = SIDES[labels['reporter'] ?? ''];
  if (side === undefined) return undefined;
  const secured = SECURED[labels['connection_security_policy'] ?? ''];
  return {
    side,
    from: partyOf(labels, 'source'),
    to: partyOf(labels, 'destination'),
    status: Number(labels['response_code'] ?? 0),
    ...(secured === undefined ? {} : { secured }),
    count,
  };
}

function partyOf(labels: LabelledCount['labels'], end: 'source' | 'destination'): RequestParty {
  const known = {
    workload: labels[`${end}_workload`],
    namespace: labels[`${end}_workload_namespace`],
    service: labels[`${end}_service_name`],
    identity: labels[`${end}_principal`],
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== '' && value !== 'unknown'));
}

/** In alphabetical order, so that a series is always written in the same way. */
function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  const labels = pairs.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))] as const);
  return Object.fromEntries(labels.toSorted(([a], [b]) => a.localeCompare(b)));
}
