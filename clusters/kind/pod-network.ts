import type { Engine } from '../engine/engine.ts';
import type { TaskContext } from '../task-context.ts';
import { listNodes, nodeExec, nodeNumber } from './nodes.ts';
import { ALL_RANGES, nodeRange } from './ranges.ts';

/**
 * Connects the pods of all nodes with each other and with external services: adds a route on each node to the pods of every other node, and
 * replaces the source address of packets that leave the pods' ranges with the node's own. A node loses both when it restarts, so call this
 * again then.
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
