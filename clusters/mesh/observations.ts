/** Requests (TCP: connections) that a proxy counted, by pod. Those that failed got a 5xx, or no answer. */
export type CountsByPod = Record<string, { requests: number; failed: number }>;

/** What one proxy has counted itself since it started. */
export interface ProxyCounts {
  /** What it sent on for its own pod, by the pod that it went to. */
  sent: CountsByPod;
  /** What it took in for its own pod, which is the only key. */
  received: CountsByPod;
}

/** Stands in a count for what the mesh's counter tells nobody, so that nothing can be expected of it. */
export const UNTOLD = '(not reported)';

/** Who sent a request, or to whom it went. What the proxy that counted it does not know is left out; what the mesh never tells is UNTOLD. */
export interface RequestParty {
  /** The name of the Deployment or whatever else made the pod. */
  workload?: string;
  namespace?: string;
  /** The Service that was called, by name. */
  service?: string;
  /** As `MeshAdapter.identity` says it. */
  identity?: string;
}

/** How often a proxy has seen requests of one sort since it started: one time series of the mesh's standard counter, or several added up. */
export interface RequestCount {
  /** Whose proxy counted: the caller's, or that of who was called. */
  side: 'client' | 'server';
  from: RequestParty;
  to: RequestParty;
  /** HTTP status of the answer; 0 where there was none. */
  status: number;
  /** Whether both sides proved who they are by mutual TLS; left out where the proxy does not tell. */
  secured?: boolean;
  count: number;
}

/** One time series of that counter in the mesh's own words. */
export interface LabelledCount {
  labels: Readonly<Record<string, string>>;
  count: number;
}

/** One line of a proxy's access log. What the mesh's format has no place for is left out, what was absent is ''; sizes are of bodies, in bytes. */
export interface AccessLogLine {
  /** From the request's header x-request-id. */
  id?: string;
  method?: string;
  path?: string;
  protocol?: string;
  status?: number;
  /** Why the proxy answered itself or the request failed, e.g. `UO`; '' when nothing went wrong. */
  flags?: string;
  bytesReceived?: number;
  bytesSent?: number;
  userAgent?: string;
  authority?: string;
  /** The name under which the proxy knows where it sent the request. */
  upstream?: string;
  /** The name of the route that it took. */
  route?: string;
  /** The line as it was written. */
  text: string;
}
