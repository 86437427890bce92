import type { Engine } from '../engine/engine.ts';
import type { TaskContext } from '../task-context.ts';
import { listNodes, nodeExec, nodeNumber } from './nodes.ts';
import { ALL_RANGES, nodeRange } from './ranges.ts';

/**
 * Lets pods of all nodes reach each other, and external services: a route on each node to the pods of every other one, and the
 * node's own address as the source of what leaves the pods' ranges. A node forgets both when it restarts; then this is called again.
 */
export async function connectNodes(cluster: string, podSubnet: string, engine: Engine, task: TaskContext = {}): Promise<void> {
  const nodes = await listNodes(cluster, engine, task);
  await Promise.all(
    nodes.map(async ({ name }) => {
      const others = nodes.filter((other) => other.name !== name && other.address !== '');
      const routes = others.map(
        (other) => `ip route replace ${nodeRange(podSubnet, nodeNumber(cluster, other.name))} via ${other.address}`,
      );
      await nodeExec(name, ['sh', '-ec', [...routes, translation(podSubnet)].join('\n')], engine, task);
    }),
  );
}

function translation(podSubnet: string): string {
  const rule = `POSTROUTING -s ${podSubnet} ! -d ${ALL_RANGES} -m comment --comment meshproof -j MASQUERADE`;
  return `iptables -w 10 -t nat -C ${rule} 2>/dev/null || iptables -w 10 -t nat -A ${rule}`;
}
