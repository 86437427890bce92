import type { Duplex } from 'node:stream';

import type { KubernetesApi } from '../kubernetes/api.ts';
import { refOf, type LiveObject } from '../kubernetes/live-object.ts';
import type { Manifest, PodRef } from '../kubernetes/manifest.ts';
import type { Pod } from '../kubernetes/pods.ts';
import { requestText, type PodTunnel } from '../kubernetes/tunnel.ts';
import type { ClusterAccess, PodObject } from './access.ts';

interface ListedPod extends Pod {
  spec: Pod['spec'] & PodObject['spec'];
}

/** An adapter's access to a cluster through its API server. Each port of a pod has one tunnel, which is kept until `close`. */
export class KubernetesAccess implements ClusterAccess {
  readonly #api: KubernetesApi;
  readonly #tunnels = new Map<string, PodTunnel>();

  constructor(api: KubernetesApi) {
    this.#api = api;
  }

  async apply(objects: readonly Manifest[], namespace: string, signal?: AbortSignal): Promise<void> {
    await this.#api.apply(objects, { namespace, ...(signal === undefined ? {} : { signal }) });
  }

  async get(object: Manifest, namespace: string, signal?: AbortSignal): Promise<Manifest | undefined> {
    return await this.#api.get({ ...refOf(object), namespace: object.metadata.namespace ?? namespace }, signal);
  }

  async list<T extends Manifest>(apiVersion: string, kind: string, labelSelector: string, signal?: AbortSignal): Promise<T[]> {
    const options = { labelSelector, ...(signal === undefined ? {} : { signal }) };
    return await this.#api.list<T & LiveObject>(apiVersion, kind, options);
  }

  async pods(namespace: string | undefined, labelSelector?: string, signal?: AbortSignal): Promise<PodObject[]> {
    const options = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(signal === undefined ? {} : { signal }),
    };
    const pods = await this.#api.list<ListedPod>('v1', 'Pod', options);
    return pods.map(({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, namespace: metadata.namespace ?? '' } }));
  }

  async fetchText(pod: PodRef, port: number, path: string, signal?: AbortSignal): Promise<string> {
    const key = `${pod.namespace}/${pod.name}:${port}`;
    const tunnel = this.#tunnels.get(key) ?? this.#api.tunnel({ namespace: pod.namespace, name: pod.name }, port);
    this.#tunnels.set(key, tunnel);
    try {
      return await requestText(tunnel, 'GET', path, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // A pod that is gone must not stay in the map, and a broken tunnel must be replaced.
      if (this.#tunnels.get(key) === tunnel) this.#tunnels.delete(key);
      tunnel.destroy();
      throw error;
    }
  }

  connection(pod: PodRef, port: number): Duplex {
    return this.#api.tunnel(pod, port).createConnection();
  }

  async logs(pod: PodRef, container: string, tailLines: number): Promise<string> {
    return await this.#api.logs(pod, container, { tailLines });
  }

  async logsSince(pod: PodRef, container: string, since: Date): Promise<string> {
    return await this.#api.logs(pod, container, { sinceTime: since });
  }

  /** Closes the tunnels; the access can be used again and then opens new ones. */
  close(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.destroy();
    this.#tunnels.clear();
  }
}
