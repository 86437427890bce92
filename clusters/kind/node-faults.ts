import { busyScript, busyTimeOf } from './busy-processes.ts';
import { LeasedProcess } from './leased-process.ts';
import { bashOnNode, onNode, type ClusterOfNodes } from './on-node.ts';

/** How long a node may be kept busy, in seconds. */
const LIMIT_S = 300;

/** Keeps every CPU of a node busy until the returned process ends. @param id ID of the processes: letters and digits */
export async function keepBusy(cluster: ClusterOfNodes, node: string, id: string): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, node), busyScript(id, LIMIT_S), { limitS: LIMIT_S });
}

/** How many processes keep a node busy, and how many milliseconds of CPU time they have used together, as counted by the kernel. */
export async function busyTime(cluster: ClusterOfNodes, node: string, id: string): Promise<{ running: number; usedMs: number }> {
  const [running, usedMs] = (await bashOnNode(cluster, node, busyTimeOf(id))).split(' ').map(Number);
  return { running: running ?? 0, usedMs: usedMs ?? 0 };
}
