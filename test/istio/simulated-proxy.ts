import type { PodObject } from '../../clusters/mesh/access.ts';
import type { ResourceType } from '../../clusters/istio/istiod.ts';

/** Object key → resourceVersion, which is all that matters of a configuration here. */
export type Configuration = ReadonlyMap<string, number>;
interface Message {
  type: ResourceType;
  push: number;
  nonce: string;
  configuration: Configuration;
}

export class SimulatedProxy {
  readonly pod: PodObject;
  applied = new Map<ResourceType, Configuration>();
  /** The types that istiod has yet to generate, one after the other. */
  queue: Omit<Message, 'nonce'>[] = [];
  /** Messages of istiod on the stream that the proxy has not read yet. */
  inbox: Message[] = [];
  /** Responses of the proxy that istiod has not read yet. */
  outbox: { type: ResourceType; nonce: string; error: string }[] = [];
  status: Partial<Record<ResourceType, { sent: string; acked: string; lastError: string }>> = {};
  draining = 0;
  warming = 0;
  rejected = { cds: 0, lds: 0 };

  constructor(metadata: PodObject['metadata']) {
    this.pod = {
      metadata,
      spec: { containers: [{ name: 'app' }, { name: 'istio-proxy' }] },
      status: { phase: 'Running' },
    };
  }

  /** Restarts the proxy, which loses everything. */
  forget(): void {
    Object.assign(this, new SimulatedProxy(this.pod.metadata));
  }

  /** istiod reads a response. As in the protocol, one to anything but the latest message is stale and ignored. */
  hear(): void {
    const answer = this.outbox.shift();
    const status = answer === undefined ? undefined : this.status[answer.type];
    if (answer === undefined || status === undefined || status.sent !== answer.nonce) return;
    if (answer.error === '') Object.assign(status, { acked: answer.nonce, lastError: '' });
    else status.lastError = answer.error;
  }

  /** The response of its admin interface; `sentinel` is the cluster that the latest sentinel adds. */
  page(path: string, query: URLSearchParams, sentinel: string | undefined): unknown {
    if (path === '/stats') {
      const stats = [
        { name: 'listener_manager.total_filter_chains_draining', value: this.draining },
        { name: 'listener_manager.total_listeners_warming', value: this.warming },
        { name: 'cluster_manager.cds.update_rejected', value: this.rejected.cds },
        { name: 'listener_manager.lds.update_rejected', value: this.rejected.lds },
      ];
      return { stats };
    }
    if (query.get('resource') !== 'dynamic_active_clusters') return this.applied.has('rds') ? { configs: [{}] } : {};
    const wanted = new RegExp(`^(?:${query.get('name_regex')})$`);
    return sentinel !== undefined && wanted.test(sentinel) ? { configs: [{ cluster: { name: sentinel } }] } : {};
  }
}
