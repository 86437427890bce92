import { MeshproofError, causeOf } from '../errors.ts';
import { ApiRefusal } from '../kubernetes/api-error.ts';
import type { Manifest } from '../kubernetes/manifest.ts';
import { printable } from '../printable.ts';
import type { ClusterAccess, PodObject } from '../mesh/access.ts';
import type { MeshConfig } from './survey/mesh-config.ts';

/** Plain HTTP; its debug pages are accessible from the pod's loopback address, which a port-forward uses. */
const HTTP_PORT = 8080;
const MONITORING_PORT = 15014;

/** The state of one resource type on one proxy, from istiod's side of the stream. Nonces begin with the version of the push. */
interface TypeStatus {
  sent: string;
  acked: string;
  /** Why the proxy rejected the last update; empty once it has acknowledged a newer one. */
  error: string;
}

/** Short names of the resource types that carry configuration, by istiod's names for them. */
export const RESOURCE_TYPES = {
  cds: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  eds: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  lds: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  rds: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  ecds: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
} as const;
export type ResourceType = keyof typeof RESOURCE_TYPES;
export const RESOURCE_TYPE_NAMES: readonly ResourceType[] = ['cds', 'eds', 'lds', 'rds', 'ecds'];

/** The types that a proxy has subscribed to. */
export type ProxyStatus = Partial<Record<ResourceType, TypeStatus>>;

/** Where istiod runs. */
interface IstiodPlace {
  namespace: string;
  /** Default: any. */
  revision?: string;
}

/** Reads istiod's debug pages. If a revision has several istiods, all of them are queried. */
export class Istiod {
  readonly #access: ClusterAccess;
  readonly #namespace: string;
  readonly #selector: string;
  #pods: PodObject[] | undefined;

  constructor(access: ClusterAccess, { namespace, revision }: IstiodPlace) {
    this.#access = access;
    this.#namespace = namespace;
    this.#selector = `app=istiod${revision === undefined ? '' : `,istio.io/rev=${revision}`}`;
  }

  /** The running pods. @throws MeshproofError `ISTIOD_MISSING` if there are none */
  async pods(signal?: AbortSignal): Promise<readonly PodObject[]> {
    return await this.#running(signal);
  }

  /** The effective MeshConfig, merged from all its sources. */
  async meshConfig(signal?: AbortSignal): Promise<MeshConfig> {
    const [page] = await this.#ask('/debug/mesh', HTTP_PORT, signal);
    return JSON.parse(page?.text ?? '{}') as MeshConfig;
  }

  /** The configuration objects in the store of each istiod, with their resourceVersion: one list for each istiod. */
  async configurations(signal?: AbortSignal): Promise<Manifest[][]> {
    return (await this.#ask('/debug/configz', HTTP_PORT, signal)).map(({ text }): Manifest[] => JSON.parse(text));
  }

  /** The services in the registry of each istiod. */
  async services(signal?: AbortSignal): Promise<RegisteredService[][]> {
    return (await this.#ask('/debug/registryz', HTTP_PORT, signal)).map(({ text }): RegisteredService[] => JSON.parse(text));
  }

  /** For each connected proxy of a namespace, by pod name: what was sent to it and what it acknowledged. */
  async proxies(namespace: string, signal?: AbortSignal): Promise<Map<string, ProxyStatus>> {
    const found = new Map<string, ProxyStatus>();
    for (const { text } of await this.#ask(`/debug/syncz?namespace=${namespace}`, HTTP_PORT, signal)) {
      for (const [pod, status] of parseSyncStatus(text, namespace)) {
        const known = found.get(pod);
        // Right after a reconnect the previous istiod may still list the proxy.
        if (known === undefined || (status.cds?.sent ?? '') > (known.cds?.sent ?? '')) found.set(pod, status);
      }
    }
    return found;
  }

  /** The version of each istiod, without repetitions. */
  async versions(signal?: AbortSignal): Promise<string[]> {
    return [...new Set((await this.#ask('/version', MONITORING_PORT, signal)).map(({ text }) => shortVersion(printable(text).trim())))];
  }

  /** How many proxies of each Istio version are connected; those that do not report one count as `unknown`. */
  async proxyVersions(signal?: AbortSignal): Promise<Map<string, number>> {
    return countsOf((await this.connected(signal)).map(({ version }) => version));
  }

  /** Every connected proxy, as `<pod>.<namespace>`, with its Istio version, or `unknown`. */
  async connected(signal?: AbortSignal): Promise<{ proxy: string; version: string }[]> {
    const pages = await this.#ask('/debug/syncz', HTTP_PORT, signal);
    const statuses = pages.flatMap(({ text }): SyncStatus[] => JSON.parse(text));
    return statuses.map(({ proxy = '', istio_version: version = 'unknown' }) => ({ proxy, version }));
  }

  /** One debug page or log of each istiod for diagnostics, by pod name. */
  async page(path: string, signal?: AbortSignal): Promise<{ pod: string; text: string }[]> {
    return await this.#ask(path, HTTP_PORT, signal);
  }

  /** The last lines in the log of each istiod. */
  async logs(tailLines: number): Promise<{ pod: string; text: string }[]> {
    const pods = await this.#running();
    return await Promise.all(
      pods.map(async ({ metadata }) => ({ pod: metadata.name, text: await this.#access.logs(metadata, 'discovery', tailLines) })),
    );
  }

  /** @throws MeshproofError with code `ISTIOD_MISSING`, `ISTIOD_UNREACHABLE` (may be temporary) or `ISTIOD_FORBIDDEN` (permanent) */
  async #ask(path: string, port: number, signal?: AbortSignal): Promise<{ pod: string; text: string }[]> {
    try {
      const pods = await this.#running(signal);
      return await Promise.all(
        pods.map(async ({ metadata }) => ({
          pod: metadata.name,
          text: await this.#access.fetchText(metadata, port, path, signal),
        })),
      );
    } catch (error) {
      // The pods may have been replaced, so list them again next time.
      this.#pods = undefined;
      signal?.throwIfAborted();
      if (error instanceof MeshproofError && error.code === 'ISTIOD_MISSING') throw error;
      const forbidden = error instanceof ApiRefusal && (error.status === 401 || error.status === 403);
      throw new MeshproofError(
        forbidden ? 'ISTIOD_FORBIDDEN' : 'ISTIOD_UNREACHABLE',
        `istiod in ${this.#namespace} did not answer ${path}: ${causeOf(error)}`,
        {
          cause: error,
          hint: `port-forward to pods of ${this.#namespace} must be allowed, and istiod must run with ENABLE_DEBUG_ON_HTTP (the default)`,
        },
      );
    }
  }

  async #running(signal?: AbortSignal): Promise<PodObject[]> {
    if (this.#pods === undefined) {
      const pods = await this.#access.pods(this.#namespace, this.#selector, signal);
      const running = pods.filter((pod) => pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
      if (running.length === 0) {
        throw new MeshproofError('ISTIOD_MISSING', `no istiod runs in namespace ${this.#namespace}`, {
          hint: 'install Istio first, or choose another revision with --revision',
        });
      }
      this.#pods = running;
    }
    return this.#pods;
  }
}

/** How often each of them occurs. */
export function countsOf(names: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

/** A service in istiod's registry, with the fields that are read. */
export interface RegisteredService {
  ResourceVersion?: string;
  Attributes?: { ServiceRegistry?: string; Name?: string; Namespace?: string };
}

/** istiod answers `<version>-<commit>-<state>`. */
function shortVersion(text: string): string {
  return text.replace(/-(?:[0-9a-f]{12,40}|unknown)-[A-Za-z]+$/, '');
}

/** A proxy on the page `/debug/syncz`, where its ID is `<pod>.<namespace>`. */
interface SyncStatus {
  proxy?: string;
  istio_version?: string;
  resources?: Record<string, { sent?: string; acked?: string; lastError?: string }>;
}

/** The proxies of a namespace on the page `/debug/syncz`, each with the name of its pod. */
export function syncStatuses(text: string, namespace: string): (SyncStatus & { pod: string })[] {
  const statuses: SyncStatus[] = JSON.parse(text);
  const inNamespace = statuses.filter(({ proxy }) => proxy?.endsWith(`.${namespace}`));
  return inNamespace.map((status) => ({ ...status, pod: (status.proxy ?? '').slice(0, -namespace.length - 1) }));
}

/** What was sent to each proxy of a namespace and what it acknowledged, by pod name, from the page `/debug/syncz`. */
export function parseSyncStatus(text: string, namespace: string): Map<string, ProxyStatus> {
  const found = new Map<string, ProxyStatus>();
  for (const { pod, resources = {} } of syncStatuses(text, namespace)) {
    const status: ProxyStatus = {};
    for (const [type, url] of RESOURCE_TYPE_NAMES.map((type) => [type, RESOURCE_TYPES[type]] as const)) {
      const resource = resources[url];
      if (resource === undefined) continue;
      status[type] = { sent: resource.sent ?? '', acked: resource.acked ?? '', error: resource.lastError ?? '' };
    }
    found.set(pod, status);
  }
  return found;
}
