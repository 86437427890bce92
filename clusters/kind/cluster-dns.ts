import type { Engine } from '../engine/engine.ts';
import type { TaskContext } from '../task-context.ts';
import { kubectlOnNode } from './nodes.ts';

/**
 * Makes the cluster's DNS answer for every name itself: one that it does not know does not exist. Asking a resolver of the machine would
 * tell it the name, and in a cluster that cannot leave the machine wait seconds for no answer.
 */
export async function closeClusterDns(cluster: string, engine: Engine, task: TaskContext = {}): Promise<void> {
  const kubectl = (args: readonly string[], input?: string): Promise<string> =>
    kubectlOnNode(cluster, ['--namespace', 'kube-system', ...args], engine, { ...task, ...(input === undefined ? {} : { input }) });
  const corefile = await kubectl(['get', 'configmap', 'coredns', '--output', 'jsonpath={.data.Corefile}']);
  const patch = JSON.stringify({ data: { Corefile: withoutForwarding(corefile) } });
  await kubectl(['patch', 'configmap', 'coredns', '--type', 'merge', '--patch-file', '/dev/stdin'], patch);
  // Left alone they would notice within two minutes.
  await kubectl(['delete', 'pods', '--selector', 'k8s-app=kube-dns', '--grace-period', '1', '--wait=false']);
}

/** A kubeadm Corefile with the `kubernetes` plug-in in charge of the root zone, which answers NXDOMAIN, and no `forward`. */
export function withoutForwarding(corefile: string): string {
  return corefile
    .replace(/^[ \t]*forward\b[^\n{]*(\{[^}]*\})?[ \t]*\n/m, '')
    .replace(/^[ \t]*fallthrough\b.*\n/m, '')
    .replace(/^([ \t]*kubernetes .*?) ?\{/m, (whole, head: string) => (/ \.( |$)/.test(head) ? whole : `${head} . {`));
}
