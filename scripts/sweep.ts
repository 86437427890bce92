import { readdir } from 'node:fs/promises';

import type { Command } from 'commander';

import type { Leftover } from '../clusters/engine/leftover.ts';
import { EXIT } from '../clusters/errors.ts';
import { clustersFolder } from '../clusters/paths.ts';
import type { Work } from '../clusters/work.ts';
import { command } from './console/command.ts';
import { untilInterrupted } from './console/interrupt.ts';
import { startProgress } from './console/progress.ts';

export function sweepCommand(): Command {
  return command('sweep', {
    about:
      'Removes what killed runs left: clusters, containers, networks, firewall rules, processes, kubeconfigs. What a run or `up` still uses stays.',
    example: 'npx meshproof sweep --dry-run',
  })
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
      const progress = startProgress();
      const work = { signal: untilInterrupted(), progress: progress.say };
      progress.say('looking for what is left over');
      const removed = new Set<string>();
      // In this order, because removing clusters may leave what only then is nobody's.
      for (const find of [ofExisting, ofKind, ofEngine, privateEngine]) {
        for (const leftover of await find(work)) {
          work.signal.throwIfAborted();
          removed.add(leftover.what);
          if (dryRun) continue;
          progress.say(`removing ${leftover.what}`);
          await leftover.remove();
        }
      }
      progress.pause();
      const lines = [...removed].map((what) => `${dryRun ? 'would be removed' : 'removed'}: ${what}\n`);
      process.stdout.write(lines.join('') || 'nothing is left over\n');
      process.exitCode = EXIT.ok;
    });
}

async function ofKind(work: Work): Promise<Leftover[]> {
  return (await import('../clusters/kind/leftovers.ts')).leftovers({}, work);
}

async function ofEngine(work: Work): Promise<Leftover[]> {
  return (await import('../clusters/engine/leftovers.ts')).leftovers({}, work);
}

/** What a killed run left in clusters of other owners. */
async function ofExisting(work: Work): Promise<Leftover[]> {
  const [{ clusters, down }, { ownerOf }] = await Promise.all([import('../clusters/lifecycle.ts'), import('../clusters/kind/owner.ts')]);
  const left: Leftover[] = [];
  for (const { name, provider, context } of await clusters()) {
    if (provider !== 'existing' || (await ownerOf(name)) !== 'dead') continue;
    left.push({ what: `${name} in context ${context}`, remove: () => down(name, work) });
  }
  return left;
}

/** The private engine, when nothing is left that it is there for. */
async function privateEngine(work: Work): Promise<Leftover[]> {
  const { findEngines, stopEngine } = await import('../clusters/engine/engine.ts');
  const clusters = await readdir(clustersFolder()).catch((): string[] => []);
  const engine = (await findEngines(work)).find((one) => one.private);
  if (engine === undefined || clusters.length > 0 || (await engine.docker(['ps', '--quiet'])) !== '') return [];
  return [{ what: `the private Docker engine at ${engine.host}`, remove: () => stopEngine() }];
}
