import type { PodObject } from '../../clusters/mesh/access.ts';
import type { ResourceType } from '../../clusters/istio/istiod.ts';

/** Object key → resourceVersion: all that matters of a configuration here. */
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
  /** What istiod has yet to generate: one type after the other. */
  queue: Omit<Message, 'nonce'>[] = [];
  /** What istiod wrote to the stream and the proxy has not read. */
  inbox: Message[] = [];
  /** What the proxy answered and istiod has not read. */
  outbox: { type: ResourceType; nonce: string; error: string }[] = [];
  status: Partial<Record<ResourceType, { sent: string; acked: string; lastError: string }>> = {};
  draining = 0;
  warming = 0;
  rejected = { cds: 0, lds: 0 };

  constructor(name: string, namespace: string, uid: string) {
    this.pod = {
      metadata: { name, namespace, uid },
      spec: { containers: [{ name: 'app' }, { name: 'istio-proxy' }] },
      status: { phase: 'Running' },
    };
  }
}
