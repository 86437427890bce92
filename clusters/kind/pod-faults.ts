import { MeshproofError } from '../errors.ts';
import { countLiving, killScript } from './killed-processes.ts';
import { LeasedProcess } from './leased-process.ts';
import { enteringPod, networkScript, tableOf, type ChangedPod, type NetworkChange } from './network-rules.ts';
import { bashOnNode, onNode, type ClusterOfNodes } from './on-node.ts';
import { PathProbe } from './path-probe.ts';
import { countStopped, stopScript } from './stopped-processes.ts';

/** A pod on a node of a kind cluster. */
export interface PodOnNode extends ChangedPod {
  node: string;
}

/** Where a path starts: on a node, or in a pod's network namespace as the given user. */
type From = { node: string } | (PodOnNode & { user: number });

/** Changes the traffic of a pod until the returned process ends. */
export async function changeNetwork(cluster: ClusterOfNodes, pod: PodOnNode, change: NetworkChange, id: string): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, pod.node), networkScript(pod, change, id));
}

/** Opens a connection whose state can be measured repeatedly. */
export async function openPath(cluster: ClusterOfNodes, from: From, to: { host: string; port: number }): Promise<PathProbe> {
  const { command, env } = onNode(cluster, from.node);
  if (!('uid' in from)) return await PathProbe.open({ command, env }, to);
  const { user } = from;
  const entered = `${enteringPod(from)}
exec nsenter --net=/proc/self/fd/9 setpriv --reuid ${user} --regid ${user} --clear-groups "$@"`;
  return await PathProbe.open({ command: [...command, 'bash', '-c', entered, 'path'], env }, to);
}

/** How many packets a change has dropped so far, as counted by the kernel. */
export async function droppedBy(cluster: ClusterOfNodes, pod: PodOnNode, id: string): Promise<number> {
  const table = await bashOnNode(cluster, pod.node, `${enteringPod(pod)}\nin_pod nft list table ${tableOf(id)}`);
  return table.matchAll(/counter packets (\d+)/g).reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** Stops the processes of a pod that have one of these names, until the returned process ends. */
export async function stopInPod(cluster: ClusterOfNodes, { node, uid }: PodOnNode, programs: readonly string[]): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, node), stopScript(uid, programs));
}

/** How many processes of a pod that have one of these names are stopped, and how many are not. */
export async function stoppedInPod(
  cluster: ClusterOfNodes,
  { node, uid }: PodOnNode,
  programs: readonly string[],
): Promise<{ stopped: number; running: number }> {
  const [stopped, running] = (await bashOnNode(cluster, node, countStopped(uid, programs))).split(' ').map(Number);
  return { stopped: stopped ?? 0, running: running ?? 0 };
}

/**
 * Kills the processes of a pod that have one of these names, by default all; the kubelet starts them again.
 * @returns what `livingAmong` needs to recognise them
 * @throws MeshproofError `NODE_PROCESS` if there is none
 */
export async function killInPod(cluster: ClusterOfNodes, { node, uid }: PodOnNode, programs?: readonly string[]): Promise<string[]> {
  const killed = (await bashOnNode(cluster, node, killScript(uid, programs))).split('\n').filter((line) => line !== '');
  if (killed.length > 0) return killed;
  throw new MeshproofError(
    'NODE_PROCESS',
    `no process of pod ${uid} is ${programs === undefined ? 'running' : `one of ${programs.join(', ')}`}`,
  );
}

/** How many of the killed processes have not ended. */
export async function livingAmong(cluster: ClusterOfNodes, { node }: PodOnNode, killed: readonly string[]): Promise<number> {
  return Number(await bashOnNode(cluster, node, countLiving(killed)));
}
