import { join } from 'node:path';

import { removeUnheldLocks } from '../../clusters/engine/exclusive.ts';
import { causeOf, EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { Mesh } from '../../clusters/meshes.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import type { Find } from '../sweep/find.ts';
import { ofChecks, ofEngine, ofExisting, ofFolders, ofKind, privateEngine } from '../sweep/here.ts';
import { finderInCluster } from '../sweep/there.ts';

/** The options of `meshproof sweep`. */
export interface SweepOptions {
  dryRun?: boolean;
  provider?: 'existing';
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  revision?: string;
  mesh: Mesh;
  all?: boolean;
}

/** Removes what killed runs left, and prints what was removed and what was skipped. @returns the exit code */
export async function sweep({ dryRun = false, ...there }: SweepOptions): Promise<number> {
  const progress = startProgress();
  const task = { signal: untilInterrupted(), progress: progress.say };
  progress.say('looking for leftovers');
  const said = new Set<string>();
  const spared = new Set<string>();
  let code: number = EXIT.ok;
  const spare = (what: string, why: string) => void spared.add(`skipped, owner uncertain: ${what}: ${why}\n`);
  for (const find of await findsOf(there)) {
    for (const leftover of await find({ spare }, task)) {
      const { what } = leftover;
      task.signal.throwIfAborted();
      if (!dryRun) progress.say(`removing ${what}`);
      const failed = dryRun ? undefined : await leftover.remove().then(() => undefined, causeOf);
      if (failed !== undefined) code = EXIT.unproven;
      const done = dryRun ? 'would be removed' : 'removed';
      said.add(failed === undefined ? `${done}: ${what}\n` : `could not be removed: ${what}: ${failed}\n`);
    }
  }
  if (!dryRun && there.provider === undefined) await tidyLocks();
  progress.pause();
  process.stdout.write([...said].join('') || 'nothing to remove\n');
  process.stdout.write([...spared].join(''));
  return code;
}

/** Not reported: these are empty files, which the next lock of the same name would create again. */
async function tidyLocks(): Promise<void> {
  await removeUnheldLocks();
  await removeUnheldLocks(join(cacheFolder(), 'locks'));
}

/** The order matters: once a cluster is removed, what it used may have no owner any more. */
async function findsOf(options: SweepOptions): Promise<Find[]> {
  if (options.provider === 'existing') {
    return [await finderInCluster(options)];
  }
  const stray = (['context', 'kubeconfig', 'namespaces', 'revision', 'all'] as const).find((name) => options[name] !== undefined);
  if (stray === undefined) return [ofExisting, ofChecks, ofKind, ofEngine, ofFolders, privateEngine];
  throw new MeshproofError('CONTRADICTION', `--${stray} applies to existing clusters, but this would sweep the local machine`, {
    hint: 'add --provider=existing',
    exitCode: EXIT.usage,
  });
}
