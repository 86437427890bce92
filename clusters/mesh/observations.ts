/** Requests (TCP: connections) that a proxy counted, by pod. Failed ones got a 5xx, or no response. */
export type CountsByPod = Record<string, { requests: number; failed: number }>;

/** The counters of one proxy since its start. */
export interface ProxyCounts {
  /** What it forwarded for its own pod, by destination pod. */
  sent: CountsByPod;
  /** What it received for its own pod, which is the only key. */
  received: CountsByPod;
}

/** Marks a field that the mesh's counter does not report, so that no value can be expected of it. */
export const UNREPORTED = '(not reported)';

/**
 * The source or destination of a request. Fields that the counting proxy does not know are omitted; fields that the mesh never reports are
 * UNREPORTED.
 */
export interface RequestParty {
  /** The name of the Deployment, or of another owner of the pod. */
  workload?: string;
  namespace?: string;
  /** The Service that was called, by name. */
  service?: string;
  /** In the form of `MeshAdapter.identity`. */
  identity?: string;
}

/** How often a proxy has seen requests of one kind since its start: one time series of the mesh's standard counter, or several added up. */
export interface RequestCount {
  /** Whose proxy counted: the caller's or the server's. */
  side: 'client' | 'server';
  from: RequestParty;
  to: RequestParty;
  /** HTTP status of the response; 0 if there was none. */
  status: number;
  /** Whether both sides authenticated by mutual TLS; undefined if the proxy does not report it. */
  secured?: boolean;
  count: number;
}

/** One time series of that counter with the mesh's own labels. */
export interface LabelledCount {
  labels: Readonly<Record<string, string>>;
  count: number;
}

/**
 * One line of a proxy's access log. Fields that the mesh's format lacks are omitted, missing values are ''; sizes are of bodies, in bytes.
 */
export interface AccessLogLine {
  /** From the request's header x-request-id. */
  id?: string;
  method?: string;
  path?: string;
  protocol?: string;
  status?: number;
  /** Why the proxy answered itself or the request failed, e.g. `UO`; '' if nothing went wrong. */
  flags?: string;
  bytesReceived?: number;
  bytesSent?: number;
  userAgent?: string;
  authority?: string;
  /** The proxy's name for the destination of the request. */
  upstream?: string;
  /** The name of the route that matched. */
  route?: string;
  /** The unparsed line. */
  text: string;
}
