import type { Command } from 'commander';

import { EXIT, MeshproofError } from '../clusters/errors.ts';
import { command } from './console/command.ts';
import { untilInterrupted } from './console/interrupt.ts';
import { startProgress } from './console/progress.ts';
import { isInUse } from './run/in-use.ts';

export function downCommand(): Command {
  return command('down', {
    about: 'Removes a cluster that `up` made; with the last one, the private Docker engine.',
    example: 'npx meshproof down meshproof-3f9a',
  })
    .argument('[name]', 'which one; needed when there are several')
    .option('--all', 'every cluster that no run uses now')
    .action(async (name: string | undefined, { all }: { all?: boolean }) => {
      const signal = untilInterrupted();
      const { clusters, down } = await import('../clusters/lifecycle.ts');
      const existing = (await clusters()).map((cluster) => cluster.name);
      const progress = startProgress();
      for (const one of await choose(existing, name, all === true)) {
        progress.say(`removing ${one}`);
        await down(one, { signal, progress: progress.say });
        progress.pause();
        process.stdout.write(`${one} is removed\n`);
      }
      process.exitCode = EXIT.ok;
    });
}

async function choose(existing: readonly string[], name: string | undefined, all: boolean): Promise<string[]> {
  const hint = `clusters: ${existing.join(', ') || 'none'}`;
  const refuse = (code: string, message: string) => new MeshproofError(code, message, { hint, exitCode: EXIT.usage });
  const used = await Promise.all(existing.map((one) => isInUse(one)));
  if (all) return existing.filter((_, index) => used[index] === false);
  const only = existing.length === 1 ? existing[0] : undefined;
  const chosen = name ?? only;
  if (chosen === undefined) throw refuse('CLUSTER_NOT_NAMED', 'say which cluster, or --all');
  if (!existing.includes(chosen)) throw refuse('UNKNOWN_CLUSTER', `there is no cluster ${chosen}`);
  if (used[existing.indexOf(chosen)] === true) throw refuse('CLUSTER_IN_USE', `a run uses ${chosen} now`);
  return [chosen];
}
