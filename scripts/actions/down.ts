import type { ClusterDescription } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { down } from '../../clusters/lifecycle.ts';
import { CLUSTER_NAME, isClusterName } from '../../clusters/names.ts';
import { clusters, hintForUnreadable, readDescription } from '../../clusters/registry/description.ts';
import { folderOf } from '../../clusters/registry/owner.ts';
import { seize } from '../../clusters/registry/occupancy.ts';
import { isElsewhere } from '../../clusters/registry/removal.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { contradiction } from '../run/provider.ts';

/** Removes one cluster, or all that no run uses. @returns the exit code */
export async function remove(name: string | undefined, all: boolean): Promise<number> {
  if (all && name !== undefined) throw contradiction(`--all removes every cluster, but ${name} is named`, 'use only one of them');
  const signal = untilInterrupted();
  const existing = await clusters((words) => process.stderr.write(`warning: ${words}\n`));
  const progress = startProgress();
  if (name !== undefined && isClusterName(name)) await refuseUnreadable(name);
  for (const cluster of choose(existing, name, all)) {
    const one = cluster.name;
    if (all && (await isElsewhere(cluster))) {
      process.stderr.write(`warning: ${one} was created on another machine; keeping it\n`);
      continue;
    }
    if (!(await seize(cluster))) {
      if (all) continue;
      throw refusal('CLUSTER_IN_USE', `${one} is or may be in use`, existing);
    }
    progress.say(`removing ${one}`);
    await down(one, { signal, progress: progress.say });
    progress.pause();
    process.stdout.write(`${one} has been removed\n`);
  }
  return EXIT.ok;
}

/** Without a readable description a cluster cannot be removed by name. */
async function refuseUnreadable(name: string): Promise<void> {
  const problem = await readDescription(name, folderOf(name));
  if (typeof problem !== 'string') return;
  throw new MeshproofError('CLUSTER_UNREADABLE', `the description of ${name} cannot be read, so it is unknown what to remove: ${problem}`, {
    hint: hintForUnreadable(name),
    exitCode: EXIT.usage,
  });
}

function choose(existing: readonly ClusterDescription[], name: string | undefined, all: boolean): readonly ClusterDescription[] {
  if (name !== undefined && !isClusterName(name)) {
    throw refusal('CLUSTER_UNKNOWN', `no cluster is named "${name}": ${CLUSTER_NAME}`, existing);
  }
  if (all) {
    if (existing.length === 0) process.stdout.write('no cluster to remove\n');
    return existing;
  }
  const chosen = name === undefined ? existing : existing.filter((one) => one.name === name);
  if (chosen.length === 1) return chosen;
  if (name === undefined) throw refusal('CLUSTER_NOT_NAMED', 'name a cluster, or use --all', existing);
  throw refusal('CLUSTER_UNKNOWN', `no cluster is named ${name}`, existing);
}

function refusal(code: string, message: string, existing: readonly ClusterDescription[]): MeshproofError {
  return new MeshproofError(code, message, {
    hint: `clusters: ${existing.map((one) => one.name).join(', ') || 'none'}`,
    exitCode: EXIT.usage,
  });
}
