import { join } from 'node:path';

import { removeUnheldLocks } from '../../clusters/engine/exclusive.ts';
import { causeOf, EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { Mesh } from '../../clusters/meshes.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import type { Find } from '../sweep/find.ts';
import { ofBuilds, ofChecks, ofEngine, ofExisting, ofKind, privateEngine } from '../sweep/here.ts';
import { thereFinds } from '../sweep/there.ts';

/** The options of `meshproof sweep`. */
export interface SweepOptions {
  dryRun?: boolean;
  provider?: 'existing';
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  mesh: Mesh;
  all?: boolean;
}

/** Removes what killed runs left, and says what and what not. @returns the exit code */
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

/** Empty files that anybody's next lock of the name would make again are nothing to speak of. */
async function tidyLocks(): Promise<void> {
  await removeUnheldLocks();
  await removeUnheldLocks(join(cacheFolder(), 'locks'));
}

/** In this order, because removing clusters may leave what only then is nobody's. */
async function findsOf(options: SweepOptions): Promise<Find[]> {
  if (options.provider === 'existing') {
    return [await thereFinds(options)];
  }
  const stray = (['context', 'kubeconfig', 'namespaces', 'all'] as const).find((name) => options[name] !== undefined);
  if (stray === undefined) return [ofExisting, ofChecks, ofKind, ofEngine, ofBuilds, privateEngine];
  throw new MeshproofError('CONTRADICTION', `--${stray} applies to existing clusters, but this would sweep the local machine`, {
    hint: 'add --provider=existing',
    exitCode: EXIT.usage,
  });
}
