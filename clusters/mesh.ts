import type { Mesh } from './cluster.ts';
import type { Manifest, PodRef } from './kubernetes/manifest.ts';
import type { Work } from './work.ts';

/** What the running proxies can do, asked of them and not assumed. */
export interface Capabilities {
  /** The proxy's own version text. */
  proxy: string;
  /** Names of the extensions compiled in, as the proxy lists them. */
  extensions: ReadonlySet<string>;
}

export interface ConvergeOptions extends Work {
  /** What was just applied or removed; every proxy must act on it. */
  objects: readonly Manifest[];
  /** `applied`: the proxies must have it. `removed`: they must have forgotten it. */
  after: 'applied' | 'removed';
  /** The namespace whose proxies are waited for. */
  namespace: string;
  timeoutMs?: number;
}

/** Requests (TCP: connections) that a proxy counted, by pod. Those that failed got a 5xx, or no answer. */
export type CountsByPod = Record<string, { requests: number; failed: number }>;

/** What one proxy has counted itself since it started. */
export interface ProxyCounts {
  /** What it sent on for its own pod, by the pod that it went to. */
  sent: CountsByPod;
  /** What it took in for its own pod, which is the only key. */
  received: CountsByPod;
}

/** One line of a proxy's access log. What the mesh does not log is ''; sizes are of bodies, in bytes. */
export interface AccessLogLine {
  /** From the request's header x-request-id. */
  id: string;
  method: string;
  path: string;
  protocol: string;
  status: number;
  /** Why the proxy answered itself or the request failed, e.g. `UO`; '' when nothing went wrong. */
  flags: string;
  bytesReceived: number;
  bytesSent: number;
  userAgent: string;
  authority: string;
  /** The name under which the proxy knows where it sent the request. */
  upstream: string;
  /** The name of the route that it took. */
  route: string;
  /** The line as it was written. */
  text: string;
}

/** One time series of a mesh's request counter, as the proxy reports it. */
export interface RequestCount {
  labels: Record<string, string>;
  value: number;
}

/** PEM texts: what a proxy shows to prove who its pod is, its own certificate first, and by which authorities it believes others. */
export interface WorkloadCertificate {
  chain: readonly string[];
  authorities: readonly string[];
}

/** What a mesh is to the harness: words are the same for all meshes, the means are the adapter's. */
export interface MeshAdapter {
  readonly name: Mesh;
  /** Metadata of a namespace whose new pods get a proxy. */
  readonly injection: { labels: Record<string, string>; annotations: Record<string, string> };
  /** The namespace of mesh-wide configuration, e.g. istio-system. */
  readonly rootNamespace: string;
  versions(work?: Work): Promise<Record<string, string>>;
  capabilities(pod: PodRef): Promise<Capabilities>;
  /** Peer identity of a service account, as the server sees it. */
  identity(namespace: string, serviceAccount: string): string;
  /** The headers in which a proxy tells its server that this identity calls. */
  identityHeaders(identity: string): Record<string, string>;
  certificate(pod: PodRef): Promise<WorkloadCertificate>;
  /**
   * Returns when every proxy of the namespace has acknowledged the change and old connections' filter chains have drained.
   * `acknowledgedMs` and `drainedMs` count from the call.
   */
  converge(options: ConvergeOptions): Promise<{ acknowledgedMs: number; drainedMs: number }>;
  /** The proxy's own counters, which it keeps whatever the mesh is told to report. */
  counts(pod: PodRef): Promise<ProxyCounts>;
  /** What the proxy has logged of requests since then, oldest first; lines that are no access log are left out. */
  accessLog(pod: PodRef, since: Date): Promise<AccessLogLine[]>;
  /** The series of the mesh's standard request counter. */
  requestCounts(pod: PodRef): Promise<RequestCount[]>;
  /** Proxy and control-plane state for a failure's diagnostics folder: file name → text. */
  diagnostics(pods: readonly PodRef[]): Promise<Record<string, string>>;
}
