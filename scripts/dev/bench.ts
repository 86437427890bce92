import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { markdownTable } from 'markdown-table';
import { exec } from '../../clusters/exec.ts';
import { keepCluster } from '../../clusters/registry/owner.ts';
import { down, up } from '../../clusters/lifecycle.ts';
import { descriptionFile } from '../../clusters/registry/description.ts';
import { CLUSTER_VARIABLE, type ClusterDescription } from '../../clusters/cluster.ts';
import { newClusterName } from '../../clusters/names.ts';
import { withFolder } from '../../clusters/work-folder.ts';
import { command } from '../console/command.ts';
import { explain } from '../console/failure.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { Rig } from '../../fixtures/rig/rig.ts';
import { DEFAULT_MESH } from '../../clusters/meshes.ts';

/** One result of the benchmark. */
interface Figure {
  name: string;
  value: number;
  unit: 'ms' | 'requests/s';
}

const STAGES = { engineMs: 'engine', imagesMs: 'images', clusterMs: 'cluster ready', meshMs: 'mesh ready', rigsMs: 'rigs ready' } as const;

/**
 * The duration of each stage and each check, and the throughput of a prober. Asserts nothing: the figures are for reading and comparing.
 */
async function bench(report: string): Promise<Figure[]> {
  const signal = untilInterrupted();
  const progress = startProgress();
  const name = newClusterName();
  const task = { signal, progress: progress.say };
  const cluster = await up(
    { name, mesh: DEFAULT_MESH, provider: { kind: 'kind', nodes: 1 }, images: { from: 'auto' }, engine: true, rigs: 2 },
    task,
  );
  // Otherwise the cluster belongs to this process, and the command that runs the checks would not use it.
  await keepCluster(name);
  try {
    progress.say('running every check once');
    const began = performance.now();
    await exec(process.execPath, [join(import.meta.dirname, '../meshproof.ts'), 'test', '--cluster', name, '--report', report], { signal });
    const testMs = performance.now() - began;
    const { checks } = JSON.parse(await readFile(join(report, 'conformance.json'), 'utf8')) as {
      checks: { id: string; durationMs: number }[];
    };
    progress.say('measuring the prober');
    return [
      ...stagesOf(cluster),
      { name: 'all checks, from command to last verdict', value: testMs, unit: 'ms' },
      ...checks.map(({ id, durationMs }): Figure => ({ name: `check ${id}`, value: durationMs, unit: 'ms' })),
      ...(await throughputs(name)),
    ];
  } finally {
    await down(name, {});
    progress.pause();
  }
}

function stagesOf({ timings }: ClusterDescription): Figure[] {
  return Object.entries(STAGES).map(([stage, name]) => ({ name, value: timings[stage as keyof typeof STAGES] ?? 0, unit: 'ms' }));
}

/**
 * Requests per second of one prober with 16 kept connections: through two proxies, and from a pod without one. The best of three rounds.
 */
async function throughputs(cluster: string): Promise<Figure[]> {
  process.env[CLUSTER_VARIABLE] = descriptionFile(cluster);
  const rig = await Rig.attach(0);
  const { caller, unmeshedCaller, server } = rig.actors;
  const figures: Figure[] = [];
  for (const [name, prober] of [
    ['through two proxies', caller],
    ['through the server’s proxy only', unmeshedCaller],
  ] as const) {
    const rates: number[] = [];
    for (let round = 0; round < 3; round++) {
      const { outcomes } = await prober.send(server, { count: 5_000, concurrency: 16 });
      rates.push((1_000 * outcomes.length) / Math.max(...outcomes.map(({ answeredMs }) => answeredMs)));
    }
    figures.push({ name: `prober ${name}`, value: Math.max(...rates), unit: 'requests/s' });
  }
  await rig.detach();
  return figures;
}

async function print(figures: readonly Figure[], json: boolean): Promise<void> {
  if (json) return void process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  const rows = figures.map(({ name, value, unit }) => [name, Math.round(value).toLocaleString('en'), unit]);
  process.stdout.write(`${markdownTable([['figure', 'value', 'unit'], ...rows], { align: ['l', 'r', 'l'] })}\n`);
}

const about = 'Measures how long each stage and each check takes on a new cluster, and how much one prober sends through two proxies.';
try {
  await command('bench', { about, example: 'npm run bench -- --json' })
    .option('--json', 'print the figures as JSON')
    .action(async ({ json = false }: { json?: boolean }) => print(await withFolder('bench', bench), json))
    .parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
