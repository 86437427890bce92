import type { UpOptions } from '../../clusters/lifecycle.ts';
import type { CheckFile } from './checks.ts';
import { findCluster } from './cluster.ts';

export interface Plan {
  chosen: readonly CheckFile[];
  /** Manifest and control files that would be applied. */
  manifests: readonly string[];
  wanted: UpOptions;
  report: string;
  keep: boolean;
}

/** What a run would do, in lines. Nothing is started and nothing is asked of a cluster. */
export async function describePlan({ chosen, manifests, wanted, report, keep }: Plan): Promise<string[]> {
  const { clusters } = await import('../../clusters/lifecycle.ts');
  const found = await findCluster(await clusters(), wanted);
  return [
    ...(found === undefined ? newCluster(wanted, keep) : [`cluster  ${found.name} is used as it is, and left as it was`]),
    `mesh     ${wanted.mesh}`,
    ...chosen.map(({ id }) => `check    ${id}`),
    ...manifests.map((file) => `applies  ${file}, and removes it after the check`),
    `report   ${report}`,
  ];
}

function newCluster({ provider, images, engine, rigs }: UpOptions, keep: boolean): string[] {
  const end = keep ? 'kept at the end' : 'removed at the end';
  if (provider.kind === 'existing') {
    return [`cluster  context ${provider.context}: ${count(rigs, 'rig')}, each two namespaces whose names begin with meshproof-, ${end}`];
  }
  return [
    `cluster  a kind cluster with ${count(provider.nodes, 'node')} and ${count(rigs, 'rig')}, ${end}`,
    `images   ${images}`,
    `engine   ${engine ? 'the Docker that is there, else a private one' : 'the Docker that is there'}`,
  ];
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
