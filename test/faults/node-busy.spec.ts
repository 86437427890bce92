import { expect, test } from '@playwright/test';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import type { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { FaultJournal } from '../../fixtures/faults/fault.ts';
import { NodeBusy } from '../../fixtures/faults/node-busy.ts';

const PODS = ['a', 'b', 'c'].map((name) => ({ namespace: 'rig', name }));

/** Two nodes, of which the second has two of the pods. */
class Nodes {
  readonly held = new Set<string>();
  readonly looks: string[] = [];
  /** CPU time that the two processes of a node get, as a share of the time that passes. */
  share: Record<string, number> = { one: 0.5, two: 0.5 };
  /** Whether processes run on although they were ended. */
  immortal = false;

  readonly fault = new NodeBusy({
    cluster: {} as ClusterDescription,
    api: {
      get: async ({ name }: { name: string }) => ({
        metadata: { name, uid: name },
        spec: { nodeName: name === 'a' ? 'one' : 'two' },
        status: { podIP: '10.0.0.1' },
      }),
    } as unknown as KubernetesApi,
    pods: PODS,
    nodes: async () => ({
      keepBusy: async (_, node) => this.#hold(node),
      busyTime: async (_, node) => {
        this.looks.push(node);
        const running = this.held.has(node) || this.immortal ? 2 : 0;
        return { running, usedMs: running * performance.now() * (this.share[node] ?? 0) };
      },
    }),
  });

  #hold(node: string): LeasedProcess {
    this.held.add(node);
    const lasts = () => this.held.has(node);
    return {
      get lasts() {
        return lasts();
      },
      end: async () => void this.held.delete(node),
    } as LeasedProcess;
  }
}

const journal = () => new FaultJournal({ proofMs: 300 });

test('Keeps each node of the pods busy while a body runs, and leaves nothing', async () => {
  const nodes = new Nodes();
  await journal().during(nodes.fault, async () => {
    expect([...nodes.held].toSorted()).toEqual(['one', 'two']);
    expect(await nodes.fault.effect()).toBe('each process has a CPU for 50 % of the time');
  });
  expect([...nodes.held]).toEqual([]);
});

test('Notices processes that get no CPU, on one node too, that end early, and that run on', async () => {
  const idle = new Nodes();
  idle.share = { one: 0.5, two: 0 };
  await expect(journal().during(idle.fault, async () => undefined)).rejects.toMatchObject({ code: 'FAULT_INEFFECTIVE' });
  const ending = new Nodes();
  await expect(journal().during(ending.fault, async () => void ending.held.delete('one'))).rejects.toMatchObject({ code: 'FAULT_ENDED' });
  const lasting = new Nodes();
  lasting.immortal = true;
  await expect(journal().during(lasting.fault, async () => undefined)).rejects.toMatchObject({
    code: 'FAULT_REMAINS',
    message: expect.stringContaining('4 of its processes run'),
  });
});
