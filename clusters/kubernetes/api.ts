import { printable } from '../printable.ts';
import { until } from '../until.ts';
import { Connection } from './connection.ts';
import { Credentials } from './credentials.ts';
import { omitUndefined } from './omit-undefined.ts';
import { loadContext } from './kubeconfig.ts';
import { type LiveObject, refOf } from './live-object.ts';
import type { PodRef } from './manifest.ts';
import { ObjectApi } from './object-api.ts';
import type { WaitOptions } from './object-options.ts';
import { execInPod, type Executed, type ExecOrder } from './pod-exec.ts';
import { isReady, type Pod, whyNotReady } from './pods.ts';
import { PodTunnel } from './tunnel.ts';

export interface LogOptions {
  sinceTime?: Date;
  tailLines?: number;
  /** The logs of the container's previous instance. */
  previous?: boolean;
  signal?: AbortSignal;
}

export interface KubernetesEvent {
  at: string;
  /** Normal or Warning. */
  type: string;
  reason: string;
  /** e.g. `Pod server-v1-6d4f`. */
  object: string;
  message: string;
  count: number;
}

/** Client for one cluster: its objects, and operations on pods and namespaces. Connections are kept, so a call takes milliseconds. */
export class KubernetesApi extends ObjectApi {
  /**
   * Reads the credentials; the first call contacts the server.
   * @throws MeshproofError with code `KUBECONFIG_MISSING`, `KUBECONFIG_INVALID` or `CONTEXT_UNKNOWN`
   */
  static async open({ kubeconfig, context }: { kubeconfig?: string; context?: string }): Promise<KubernetesApi> {
    return new KubernetesApi(new Connection(await Credentials.open(await loadContext(kubeconfig, context))));
  }

  /** Closes the kept connections. */
  close(): void {
    this.connection.close();
  }

  /** The API server's version, e.g. v1.35.4. */
  async version(signal?: AbortSignal): Promise<string> {
    const request = { description: 'reading the version', members: ['gitVersion'] as const, signal };
    const { gitVersion } = await this.connection.json<{ gitVersion: string }>('GET', '/version', request);
    return printable(gitVersion);
  }

  /**
   * Waits until exactly `count` pods match, all of them ready and none terminating.
   * @throws MeshproofError with code `TIMED_OUT`, which says for each other pod why it is not ready
   */
  async podsReady(
    namespace: string,
    labelSelector: string,
    count: number,
    { timeoutMs = 120_000, signal, progress }: WaitOptions = {},
  ): Promise<Pod[]> {
    const what = `${count} ready pods of ${labelSelector} in ${namespace}`;
    progress?.(what);
    const look = async (): Promise<Pod[]> => {
      const pods = await this.list<Pod>('v1', 'Pod', { namespace, labelSelector, ...omitUndefined({ signal }) });
      const waiting = pods.filter((pod) => !isReady(pod));
      if (waiting.length === 0 && pods.length === count) return pods;
      throw new Error([`${pods.length - waiting.length} are ready`, ...waiting.map(whyNotReady)].join('; '));
    };
    return await until(look, { what, timeoutMs, ...omitUndefined({ signal }) });
  }

  /** The log of a container. */
  async logs({ namespace, name }: PodRef, container: string, options: LogOptions = {}): Promise<string> {
    const { sinceTime, tailLines, previous, signal } = options;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`;
    const query = { container, sinceTime: sinceTime?.toISOString(), tailLines, previous };
    return await this.connection.text('GET', path, {
      description: `reading the log of ${container} in ${namespace}/${name}`,
      query,
      signal,
    });
  }

  /** A namespace's events, oldest first. */
  async events(namespace: string, signal?: AbortSignal): Promise<KubernetesEvent[]> {
    const stored = await this.list<StoredEvent>('v1', 'Event', { namespace, ...omitUndefined({ signal }) });
    const events = stored.map(({ metadata, involvedObject, series, ...event }) => ({
      at: series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? metadata.creationTimestamp,
      type: event.type ?? '',
      reason: event.reason ?? '',
      object: `${involvedObject.kind ?? ''} ${involvedObject.name ?? ''}`.trim(),
      message: event.message ?? '',
      count: series?.count ?? event.count ?? 1,
    }));
    return events.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  }

  /** Creates a namespace, or applies the given metadata to an existing one; waits for a terminating one first. */
  async createNamespace(
    name: string,
    { labels = {}, annotations = {} }: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
    options: WaitOptions = {},
  ): Promise<LiveObject | undefined> {
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels, annotations } };
    const existing = await this.get(refOf(manifest), options.signal);
    if (existing?.metadata.deletionTimestamp !== undefined) await this.gone(refOf(manifest), existing.metadata.uid, options);
    const [stored] = await this.apply([manifest], omitUndefined({ signal: options.signal }));
    return stored;
  }

  /** An http.Agent whose connections end at a port in the pod's network namespace, including ports on loopback. Destroy it after use. */
  tunnel(pod: PodRef, port: number): PodTunnel {
    return new PodTunnel(this.connection, pod, port);
  }

  /** Runs a program in a running container and returns its output; see `execInPod`. */
  async exec(pod: PodRef, order: ExecOrder): Promise<Executed> {
    return await execInPod(this.connection, pod, order);
  }
}

interface StoredEvent extends LiveObject {
  lastTimestamp?: string | null;
  eventTime?: string | null;
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  series?: { count: number; lastObservedTime: string };
  involvedObject: { kind?: string; name?: string };
}
