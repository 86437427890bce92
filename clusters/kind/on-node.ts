import type { ClusterDescription } from '../cluster.ts';
import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';

/** What it takes to reach the nodes of a cluster. */
export type ClusterOfNodes = Pick<ClusterDescription, 'provider' | 'dockerHost'>;

/** How to run a program on a node from this machine. @throws MeshproofError `NODES_NOT_OURS` */
export function onNode({ provider, dockerHost }: ClusterOfNodes, node: string): { command: string[]; env: Record<string, string> } {
  if (provider !== 'kind')
    throw new MeshproofError('NODES_NOT_OURS', `${node} is a node of an existing cluster, which meshproof did not create`);
  return { command: ['docker', 'exec', '-i', node], env: dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost } };
}

/** Runs a Bash script on a node and returns its output. */
export async function bashOnNode(cluster: ClusterOfNodes, node: string, script: string): Promise<string> {
  const { command, env } = onNode(cluster, node);
  return await exec('docker', [...command.slice(1), 'bash', '-c', script], { env, timeoutMs: 20_000 });
}
