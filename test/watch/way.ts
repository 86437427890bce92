import { Agent } from 'node:http';
import { connect } from 'node:net';

import type { Pod } from '../../clusters/kubernetes/pods.ts';
import { PodTunnel } from '../../clusters/kubernetes/tunnel.ts';
import type { RequestClass } from '../../fixtures/watch/classes.ts';
import type { RunningAgent } from '../agent/agents.ts';

/** Connections to the agents of pods by name, which can be cut. */
export class Way {
  readonly agents = new Map<string, { ports: Pick<RunningAgent['ports'], 'control'> }>();
  readonly #open = new Set<Agent>();
  isCut = false;

  /** Like `KubernetesApi.tunnel`. */
  tunnel({ name }: { name: string }): PodTunnel {
    const agent = new Agent({ keepAlive: true });
    this.#open.add(agent);
    agent.createConnection = () => {
      const port = this.isCut ? 1 : (this.agents.get(name)?.ports.control ?? 1);
      return connect(port, '127.0.0.1');
    };
    return agent as PodTunnel;
  }

  cut(): void {
    this.isCut = true;
    for (const agent of this.#open) agent.destroy();
  }
}

export const pod = (uid: string, name: string, some: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    uid,
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { 'meshproof.dev/actor': 'caller' },
    ...some,
  },
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

export const KEPT: RequestClass = { name: 'kept', title: '', from: 'caller', promise: 'answered', order: {} };
