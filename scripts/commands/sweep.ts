import { Option, type Command } from 'commander';

import { DEFAULT_MESH, MESHES, type Mesh } from '../../clusters/meshes.ts';
import type { Leftover, LeftoversOptions } from '../../clusters/engine/leftover.ts';
import { causeOf, EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { Work } from '../../clusters/work.ts';
import { command, dnsLabel, LONGEST_PREFIX } from '../console/command.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';

interface SweepOptions {
  dryRun?: boolean;
  provider?: 'existing';
  context?: string;
  kubeconfig?: string;
  namespaces?: string;
  mesh: Mesh;
  all?: boolean;
}

/** Finds leftovers of one sort, and changes nothing. */
export type Find = (options: Required<LeftoversOptions>, work: Work) => Promise<Leftover[]>;

export function sweepCommand(): Command {
  return command('sweep', {
    about:
      'Removes what killed runs left: clusters, containers, networks, firewall rules, processes, kubeconfigs. What a run or `up` still uses stays, and so does what this machine cannot tell to be left.',
    example: 'npx meshproof sweep --dry-run',
  })
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .addOption(
      new Option('--provider <provider>', '`existing`: what runs on any machine left in a cluster that exists').choices(['existing']),
    )
    .option('--context <name>', 'kubeconfig context of that cluster')
    .option('--kubeconfig <file>', 'its kubeconfig; default KUBECONFIG, then ~/.kube/config')
    .option('--namespaces <prefix>', 'of namespaces that its owner made for this', dnsLabel(LONGEST_PREFIX))
    .addOption(new Option('--mesh <mesh>', 'which mesh it has').choices(MESHES).default(DEFAULT_MESH))
    .option('--all', 'there, also rigs that were made to stay')
    .action(async ({ dryRun = false, ...there }: SweepOptions) => {
      const progress = startProgress();
      const work = { signal: untilInterrupted(), progress: progress.say };
      progress.say('looking for what is left over');
      const said = new Set<string>();
      const spared = new Set<string>();
      let code: number = EXIT.ok;
      const spare = (what: string, why: string) => void spared.add(`not ours, or not ours to judge: ${what}: ${why}\n`);
      for (const find of await findsOf(there)) {
        for (const leftover of await find({ spare }, work)) {
          const { what } = leftover;
          work.signal.throwIfAborted();
          if (!dryRun) progress.say(`removing ${what}`);
          const failed = dryRun ? undefined : await leftover.remove().then(() => undefined, causeOf);
          if (failed !== undefined) code = EXIT.unproven;
          const done = dryRun ? 'would be removed' : 'removed';
          said.add(failed === undefined ? `${done}: ${what}\n` : `could not be removed: ${what}: ${failed}\n`);
        }
      }
      progress.pause();
      process.stdout.write([...said].join('') || 'nothing is left over\n');
      process.stdout.write([...spared].join(''));
      process.exitCode = code;
    });
}

/** In this order, because removing clusters may leave what only then is nobody's. */
async function findsOf(options: SweepOptions): Promise<Find[]> {
  if (options.provider === 'existing') {
    const { thereFinds } = await import('../sweep/there.ts');
    return [await thereFinds(options)];
  }
  const stray = (['context', 'kubeconfig', 'namespaces', 'all'] as const).find((name) => options[name] !== undefined);
  if (stray === undefined) return [ofExisting, ofChecks, ofKind, ofEngine, privateEngine];
  throw new MeshproofError('CONTRADICTION', `--${stray} is about a cluster that exists, but this machine would be swept`, {
    hint: 'add --provider=existing',
    exitCode: EXIT.usage,
  });
}

const ofKind: Find = async (options, work) => (await import('../../clusters/kind/leftovers.ts')).leftovers(options, work);

const ofEngine: Find = async (options, work) => (await import('../../clusters/engine/leftovers.ts')).leftovers(options, work);

/** What a killed run left in clusters of other owners. */
const ofExisting: Find = async ({ spare }, work) => {
  const [{ down }, { clusters }, { ownerOf }] = await Promise.all([
    import('../../clusters/lifecycle.ts'),
    import('../../clusters/registry/description.ts'),
    import('../../clusters/registry/owner.ts'),
  ]);
  const left: Leftover[] = [];
  for (const { name, provider, context } of await clusters()) {
    if (provider !== 'existing') continue;
    const what = `${name} in context ${context}`;
    const owner = await ownerOf(name);
    if (owner === 'dead') left.push({ what, remove: () => down(name, work) });
    if (owner === 'unknown') spare(what, 'the record of its owner cannot be read, or is of another machine or container');
  }
  return left;
};

/** What killed runs left on the rigs of clusters that stay. */
const ofChecks: Find = async ({ spare }, work) => {
  const [{ clusters }, { ownerOf }, { isInUse }, { recoverIdle, unfinishedRigs }] = await Promise.all([
    import('../../clusters/registry/description.ts'),
    import('../../clusters/registry/owner.ts'),
    import('../../clusters/registry/occupancy.ts'),
    import('../../clusters/rigs/recover.ts'),
  ]);
  const left: Leftover[] = [];
  for (const cluster of await clusters()) {
    if ((await ownerOf(cluster.name)) !== 'none' || (await isInUse(cluster.name))) continue;
    const rigs = await unfinishedRigs(cluster, work).catch((error: unknown) => {
      spare(`what checks may have left on ${cluster.name}`, causeOf(error));
      return [];
    });
    if (rigs.length === 0) continue;
    const remove = async () => void (await recoverIdle({ ...cluster, rigs }, work));
    left.push({ what: `what a check left on ${rigs.join(', ')}`, remove });
  }
  return left;
};

/** The private engine, when nobody needs it. */
const privateEngine: Find = async () => {
  const { idlePrivateEngine } = await import('../../clusters/engine/private-engine-state.ts');
  const [{ clusterNames }, host] = await Promise.all([import('../../clusters/registry/description.ts'), idlePrivateEngine()]);
  if (host === undefined || (await clusterNames()).length > 0) return [];
  return [
    {
      what: `the private Docker engine at ${host}`,
      remove: async () => void (await (await import('../../clusters/engine/private-engine.ts')).stopPrivateEngine()),
    },
  ];
};
