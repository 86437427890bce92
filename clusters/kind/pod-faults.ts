import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import { countLiving, killScript } from './killed-processes.ts';
import { LeasedProcess } from './leased-process.ts';
import { enteringPod, networkScript, tableOf, type ChangedPod, type NetworkChange } from './network-rules.ts';
import { PathProbe } from './path-probe.ts';
import { countStopped, stopScript } from './stopped-processes.ts';

type Cluster = Pick<ClusterDescription, 'provider' | 'dockerHost'>;

/** A pod on a node of a kind cluster. */
export interface PodOnNode extends ChangedPod {
  node: string;
}

/** Where a path starts: on a node, or in a pod's network namespace as the given user. */
type From = { node: string } | (PodOnNode & { user: number });

/** How to run a program on a node from this machine. @throws MeshproofError `NODES_NOT_OURS` */
function onNode({ provider, dockerHost }: Cluster, node: string): { command: string[]; env: Record<string, string> } {
  if (provider !== 'kind') throw new MeshproofError('NODES_NOT_OURS', `${node} is a node of a cluster that meshproof did not create`);
  return { command: ['docker', 'exec', '-i', node], env: dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost } };
}

/** Runs a Bash script on a node and returns its output. */
async function bash(cluster: Cluster, node: string, script: string): Promise<string> {
  const { command, env } = onNode(cluster, node);
  return await exec('docker', [...command.slice(1), 'bash', '-c', script], { env, timeoutMs: 20_000 });
}

/** Changes the traffic of a pod until the returned process ends. */
export async function changeNetwork(cluster: Cluster, pod: PodOnNode, change: NetworkChange, id: string): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, pod.node), networkScript(pod, change, id));
}

/** Opens a connection whose state can be measured repeatedly. */
export async function openPath(cluster: Cluster, from: From, to: { host: string; port: number }): Promise<PathProbe> {
  const { command, env } = onNode(cluster, from.node);
  if (!('uid' in from)) return await PathProbe.open({ command, env }, to);
  const { user } = from;
  const entered = `${enteringPod(from)}
exec nsenter --net=/proc/self/fd/9 setpriv --reuid ${user} --regid ${user} --clear-groups "$@"`;
  return await PathProbe.open({ command: [...command, 'bash', '-c', entered, 'path'], env }, to);
}

/** How many packets a change has dropped so far, as counted by the kernel. */
export async function droppedBy(cluster: Cluster, pod: PodOnNode, id: string): Promise<number> {
  const table = await bash(cluster, pod.node, `${enteringPod(pod)}\nin_pod nft list table ${tableOf(id)}`);
  return table.matchAll(/counter packets (\d+)/g).reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** Stops the processes of a pod that have one of these names, until the returned process ends. */
export async function stopInPod(cluster: Cluster, { node, uid }: PodOnNode, programs: readonly string[]): Promise<LeasedProcess> {
  return await LeasedProcess.start(onNode(cluster, node), stopScript(uid, programs));
}

/** How many processes of a pod that have one of these names are stopped, and how many are not. */
export async function stoppedInPod(
  cluster: Cluster,
  { node, uid }: PodOnNode,
  programs: readonly string[],
): Promise<{ stopped: number; running: number }> {
  const [stopped, running] = (await bash(cluster, node, countStopped(uid, programs))).split(' ').map(Number);
  return { stopped: stopped ?? 0, running: running ?? 0 };
}

/**
 * Kills the processes of a pod that have one of these names, by default all; the kubelet starts them again.
 * @returns what `livingAmong` needs to recognise them
 * @throws MeshproofError `NODE_PROCESS` if there is none
 */
export async function killInPod(cluster: Cluster, { node, uid }: PodOnNode, programs?: readonly string[]): Promise<string[]> {
  const killed = (await bash(cluster, node, killScript(uid, programs))).split('\n').filter((line) => line !== '');
  if (killed.length > 0) return killed;
  throw new MeshproofError(
    'NODE_PROCESS',
    `no process of pod ${uid} is ${programs === undefined ? 'running' : `one of ${programs.join(', ')}`}`,
  );
}

/** How many of the killed processes have not ended. */
export async function livingAmong(cluster: Cluster, { node }: PodOnNode, killed: readonly string[]): Promise<number> {
  return Number(await bash(cluster, node, countLiving(killed)));
}
