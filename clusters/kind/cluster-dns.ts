import type { Engine } from '../engine/engine.ts';
import type { TaskContext } from '../task-context.ts';
import { kubectlOnNode } from './nodes.ts';

/**
 * Makes the cluster's DNS authoritative for every name, so that an unknown name does not exist. Forwarding to a resolver of the machine
 * would leak the name, and in a cluster that cannot reach it every lookup would wait seconds for a timeout.
 */
export async function closeClusterDns(cluster: string, engine: Engine, task: TaskContext = {}): Promise<void> {
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    kubectlOnNode(cluster, ['--namespace', 'kube-system', ...args], engine, { ...task, ...(input === undefined ? {} : { input }) });
  const corefile = await kubectl(['get', 'configmap', 'coredns', '--output', 'jsonpath={.data.Corefile}']);
  const patch = JSON.stringify({ data: { Corefile: withoutForwarding(corefile) } });
  await kubectl(['patch', 'configmap', 'coredns', '--type', 'merge', '--patch-file', '/dev/stdin'], patch);
  // On their own the pods would reload the configuration only after up to two minutes.
  await kubectl(['delete', 'pods', '--selector', 'k8s-app=kube-dns', '--grace-period', '1', '--wait=false']);
}

/**
 * A kubeadm Corefile in which the `kubernetes` plug-in is authoritative for the root zone, which answers NXDOMAIN, and which has no
 * `forward`.
 */
export function withoutForwarding(corefile: string): string {
  return corefile
    .replace(/^[ \t]*forward\b[^\n{]*(\{[^}]*\})?[ \t]*\n/m, '')
    .replace(/^[ \t]*fallthrough\b.*\n/m, '')
    .replace(/^([ \t]*kubernetes .*?) ?\{/m, (whole, head: string) => (/ \.( |$)/.test(head) ? whole : `${head} . {`));
}
