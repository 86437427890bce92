import type { Command } from 'commander';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { CLUSTER_NAME, isClusterName } from '../../clusters/names.ts';
import { command } from '../console/command.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { seize } from '../../clusters/registry/occupancy.ts';

export function downCommand(): Command {
  return command('down', {
    about: 'Removes a cluster that `up` made; with the last one, the private Docker engine.',
    example: 'npx meshproof down meshproof-3f9a',
  })
    .argument('[name]', 'which one; needed when there are several')
    .option('--all', 'every cluster that no run uses now')
    .action(async (name: string | undefined, { all }: { all?: boolean }) => {
      const signal = untilInterrupted();
      const [{ down }, { clusters }] = await Promise.all([
        import('../../clusters/lifecycle.ts'),
        import('../../clusters/registry/description.ts'),
      ]);
      const existing = await clusters((words) => process.stderr.write(`warning: ${words}\n`));
      const progress = startProgress();
      for (const { name: one, dockerHost } of choose(existing, name, all === true)) {
        if (!(await seize(one, dockerHost))) {
          if (all === true) continue;
          throw refusal('CLUSTER_IN_USE', `a run uses ${one} now, or nobody can tell whether one does`, existing);
        }
        progress.say(`removing ${one}`);
        await down(one, { signal, progress: progress.say });
        progress.pause();
        process.stdout.write(`${one} is removed\n`);
      }
      process.exitCode = EXIT.ok;
    });
}

function choose(existing: readonly ClusterDescription[], name: string | undefined, all: boolean): readonly ClusterDescription[] {
  if (name !== undefined && !isClusterName(name)) {
    throw refusal('UNKNOWN_CLUSTER', `there is no cluster "${name}": ${CLUSTER_NAME}`, existing);
  }
  if (all) return existing;
  const chosen = name === undefined ? existing : existing.filter((one) => one.name === name);
  if (chosen.length === 1) return chosen;
  if (name === undefined) throw refusal('CLUSTER_NOT_NAMED', 'say which cluster, or --all', existing);
  throw refusal('UNKNOWN_CLUSTER', `there is no cluster ${name}`, existing);
}

function refusal(code: string, message: string, existing: readonly ClusterDescription[]): MeshproofError {
  return new MeshproofError(code, message, {
    hint: `clusters: ${existing.map((one) => one.name).join(', ') || 'none'}`,
    exitCode: EXIT.usage,
  });
}
