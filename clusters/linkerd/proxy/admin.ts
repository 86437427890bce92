import type { ClusterAccess, PodObject } from '../../mesh/access.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';

export const PROXY_CONTAINER = 'linkerd-proxy';
/** The label of every pod with a proxy; its value is the namespace of the control plane. */
export const MESHED_LABEL = 'linkerd.io/control-plane-ns';
/** The annotation with the mesh version of a pod's proxy, set by the injector. */
const PROXY_VERSION = 'linkerd.io/proxy-version';
export const ADMIN_PORT = 4191;

/** One time series of a proxy: its labels and its value. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** The proxy's metrics of these names. */
export async function metrics(access: ClusterAccess, pod: PodRef, names: readonly string[], signal?: AbortSignal): Promise<Sample[]> {
  return parseMetrics(await access.fetchText(pod, ADMIN_PORT, '/metrics', signal), names);
}

/** Parses the series with these names from a page in Prometheus' text format. */
export function parseMetrics(text: string, names: readonly string[]): Sample[] {
  const wanted = new Set(names);
  return text.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = /^([A-Za-z_:]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return wanted.has(name) ? [{ name, labels: labelsOf(labels), value: Number(value) }] : [];
  });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))]));
}

/** The proxy's own version, e.g. v2.366.0. */
export async function proxyBuild(access: ClusterAccess, pod: PodRef, signal?: AbortSignal): Promise<string> {
  const [build] = await metrics(access, pod, ['proxy_build_info'], signal);
  return build?.labels['version'] ?? 'unknown';
}

/** Pods that have a proxy and are not terminating. */
export function withProxy(pods: readonly PodObject[]): PodObject[] {
  return pods.filter(({ metadata, spec, status }) => {
    const containers = [...spec.containers, ...(spec.initContainers ?? [])];
    const isRunning = metadata.deletionTimestamp === undefined && status?.phase === 'Running';
    return isRunning && containers.some(({ name }) => name === PROXY_CONTAINER);
  });
}

export const proxyVersionOf = ({ metadata }: PodObject): string => metadata.annotations?.[PROXY_VERSION] ?? 'unknown';

/** The image of a pod's proxy. */
export function proxyImage({ spec }: PodObject): string | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === PROXY_CONTAINER)?.image;
}

/** The version of a program, as the mesh defines it: the tag of its image. */
export const tagOf = (image: string): string => image.split(':').at(-1) ?? '';
