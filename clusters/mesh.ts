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
  /**
   * Returns when every proxy of the namespace has acknowledged the change and old connections' filter chains have drained.
   * `acknowledgedMs` and `drainedMs` count from the call.
   */
  converge(options: ConvergeOptions): Promise<{ acknowledgedMs: number; drainedMs: number }>;
  /** Proxy and control-plane state for a failure's diagnostics folder: file name → text. */
  diagnostics(pods: readonly PodRef[]): Promise<Record<string, string>>;
}
