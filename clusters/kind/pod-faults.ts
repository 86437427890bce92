import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { LeasedProcess } from './leased-process.ts';
import { enteringPod, networkDeed, tableOf, type ChangedPod, type NetworkChange } from './network-rules.ts';
import { PathProbe } from './path-probe.ts';
import { countStopped, stopDeed } from './process-deeds.ts';

type Cluster = Pick<ClusterDescription, 'provider' | 'dockerHost'>;

/** A pod on a node of a kind cluster. */
export interface PodOnNode extends ChangedPod {
  node: string;
}

/** A node, or the network of a pod on it as that user of the pod has it. */
type From = { node: string } | (PodOnNode & { user: number });

/** A program on a node, as this machine runs it. @throws MeshproofError `NODES_NOT_OURS` */
function onNode({ provider, dockerHost }: Cluster, node: string): { command: string[]; env: Record<string, string> } {
  if (provider !== 'kind') throw new MeshproofError('NODES_NOT_OURS', `${node} is a node of a cluster with another owner`);
  return { command: ['docker', 'exec', '-i', node], env: dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost } };
}

/** Runs a piece of bash on a node to its end, and returns what it printed. */
async function bash(cluster: Cluster, node: string, script: string): Promise<string> {
  const { command, env } = onNode(cluster, node);
  return await exec('docker', [...command.slice(1), 'bash', '-c', script], { env, timeoutMs: 20_000 });
}

/** Changes what passes the network of a pod, until the process that is returned ends. */
export async function changeNetwork(cluster: Cluster, pod: PodOnNode, change: NetworkChange, id: string): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, pod.node), networkDeed(pod, change, id));
}

/** Opens a connection from there, to be looked at again and again. */
export async function openPath(cluster: Cluster, from: From, to: { host: string; port: number }): Promise<PathProbe> {
  const { command, env } = onNode(cluster, from.node);
  if (!('uid' in from)) return await PathProbe.open({ command, env }, to);
  const { user } = from;
  const entered = `${enteringPod(from)}
exec nsenter --net=/proc/self/fd/9 setpriv --reuid ${user} --regid ${user} --clear-groups "$@"`;
  return await PathProbe.open({ command: [...command, 'bash', '-c', entered, 'path'], env }, to);
}

/** How many packets a change has dropped so far, by the kernel's own count. */
export async function droppedBy(cluster: Cluster, pod: PodOnNode, id: string): Promise<number> {
  const table = await bash(cluster, pod.node, `${enteringPod(pod)}\nin_pod nft list table ${tableOf(id)}`);
  return table.matchAll(/counter packets (\d+)/g).reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** Stops the programs of a pod that have these names, until the process that is returned ends. */
export async function stopInPod(cluster: Cluster, { node, uid }: PodOnNode, programs: readonly string[]): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, node), stopDeed(uid, programs));
}

/** How many processes of a pod are stopped. */
export async function stoppedInPod(cluster: Cluster, { node, uid }: PodOnNode): Promise<number> {
  return Number(await bash(cluster, node, countStopped(uid)));
}
