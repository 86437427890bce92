import { join } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import type { ExternalImageName } from '../../clusters/images/recipes/external.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { whereabouts } from '../../clusters/kubernetes/identity.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import { adapterOf, MESH_VERSIONS } from '../../clusters/meshes.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { descriptionFile } from '../../clusters/registry/description.ts';
import { keptRigs } from '../../clusters/registry/retained.ts';
import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { quantity } from '../../fixtures/contract/quantity.ts';
import type { Survey } from '../../fixtures/contract/run.ts';
import type { Keep, RunSettings } from '../../fixtures/contract/settings.ts';
import { readConformance } from '../../reporters/conformance-files.ts';
import { exitCodeOf } from '../../reporters/exit-code.ts';
import { explain } from '../console/failure.ts';
import { startProgress, type Progress } from '../console/progress.ts';
import { borrowCluster, returnCluster, type BorrowedCluster } from './cluster.ts';
import { withExternalServices } from './external-services.ts';
import { onLeasedRigs } from './leased-rigs.ts';
import { noEffect } from './plan.ts';
import { runPlaywright } from './playwright.ts';
import { describeRun, writeRun } from './record.ts';

export interface ClusterRun {
  wanted: UpOptions;
  /** Whether to create a cluster even if one is up. */
  fresh: boolean;
  /** Arguments of Playwright. */
  args: readonly string[];
  settings: RunSettings;
  /** Images of the external services that the chosen checks need. */
  external: readonly ExternalImageName[];
  /** Whether a person controls the runner, which then writes no report. */
  interactive: boolean;
  /** From the command line: options that only affect a new cluster, the number of workers, the shard. */
  asked: { typed: readonly string[]; workers: number | undefined; shard: string | undefined };
}

const STAYS = { all: 'it will be kept', failed: 'it will be kept if a check fails' } as const;

/** Whether to keep a cluster that was created for this run. After an interruption, there is no failed check to inspect. */
async function stays(keep: Keep, cluster: string, signal: AbortSignal): Promise<boolean> {
  if (keep !== 'failed') return keep === 'all';
  return !signal.aborted && (await keptRigs(descriptionFile(cluster)).catch(() => [])).length > 0;
}

/** Runs checks on a borrowed cluster, returns the cluster whatever happens, and returns the exit code. */
export async function runOnCluster(run: ClusterRun, { signal, progress }: { signal: AbortSignal; progress: Progress }): Promise<number> {
  const cluster = await borrowCluster(run.wanted, run.fresh, { signal, progress: progress.say });
  const name = `${cluster.description.name} (${await whereabouts(cluster.description)})`;
  progress.say(`${name} ${cluster.createdForRun ? 'is ready' : 'already exists; reusing it'}`);
  const { createdForRun, description } = cluster;
  const { keep } = run.settings;
  if (createdForRun && keep !== 'no') progress.say(`${STAYS[keep]}; npx meshproof down ${description.name} removes it`);
  progress.pause();
  for (const text of without(cluster, run)) process.stderr.write(`warning: ${text}\n`);
  let returned: number = EXIT.ok;
  let code: number;
  try {
    code = await onLeasedRigs(cluster, { signal, progress: progress.say }, async (until) => {
      const external = { signal: until, progress: progress.say };
      return await withExternalServices(description, run.external, run.wanted.images, external, async () => {
        progress.pause();
        return await runChecks(cluster, run, until);
      });
    });
  } finally {
    progress.pause();
    // The reporter's summary must stay the last line, so outside a terminal a removal prints nothing unless it fails.
    const removal = startProgress({ lines: signal.aborted });
    returned = await returnCluster(cluster, await stays(keep, description.name, signal), { progress: removal.say }).then(
      () => EXIT.ok,
      explain,
    );
    removal.pause();
  }
  return code === EXIT.ok ? returned : code;
}

/** Warnings about options that have no effect on this cluster. */
function without({ createdForRun, description }: BorrowedCluster, { asked }: ClusterRun): string[] {
  if (createdForRun) return [];
  const { name, rigs } = description;
  const fewer = asked.workers !== undefined && asked.workers > rigs.length;
  return [
    ...(asked.typed.length === 0 ? [] : [noEffect(name, asked.typed)]),
    ...(fewer ? [`${name} has ${quantity(rigs.length, 'rig')}, so --workers=${asked.workers} runs only as many checks in parallel`] : []),
  ];
}

/** What `runChecks` needs of a run. */
type CheckRun = Pick<ClusterRun, 'args' | 'settings' | 'interactive'> & { asked: Pick<ClusterRun['asked'], 'shard'> };

/** Runs checks on a cluster whose rigs this process has leased. @returns the exit code for their verdicts */
export async function runChecks({ description, createdForRun }: BorrowedCluster, run: CheckRun, signal: AbortSignal): Promise<number> {
  const { report } = run.settings;
  const workers = Math.min(run.settings.workers, Math.max(description.rigs.length, 1));
  const described = await describeRun(description, createdForRun, workers, { shard: run.asked.shard, survey: await surveyOf(description) });
  const cluster = descriptionFile(description.name);
  const place = { cluster, createdForRun, ...omitUndefined({ meshVersion: otherVersion(description) }) };
  const settings = { ...run.settings, ...place, workers, run: await writeRun(report, described) };
  const code = await runPlaywright({ args: run.args, settings, signal, interactive: run.interactive });
  if (signal.aborted) return EXIT.interrupted;
  if (run.interactive) return code === 0 ? EXIT.ok : EXIT.unproven;
  const verdict = exitCodeOf(await conformanceOf(report, described.id, code));
  return verdict === EXIT.ok && code !== 0 ? EXIT.unproven : verdict;
}

/** The name of the mesh's version, if a new cluster would have another one by default. */
function otherVersion({ mesh, meshVersion }: ClusterDescription): string | undefined {
  return meshVersion === MESH_VERSIONS[mesh][0] ? undefined : meshVersion;
}

/** What is known about the mesh; undefined if it cannot be read, because the checks then report why. */
async function surveyOf(description: ClusterDescription): Promise<Survey | undefined> {
  const api = await KubernetesApi.open(description);
  try {
    const { facts, standing } = await (await adapterOf(description, api)).survey();
    return { facts, standing: [...standing] };
  } catch {
    return undefined;
  } finally {
    api.close();
  }
}

/**
 * The verdicts of a run.
 * @param id the ID of the run
 * @param code the exit code of its runner
 * @throws MeshproofError `NO_REPORT` if there are none, or those of another run
 */
export async function conformanceOf(report: string, id: string, code: number): Promise<Conformance> {
  const file = join(report, 'conformance.json');
  const conformance = await readConformance(file).catch((cause: unknown) => {
    throw new MeshproofError('NO_REPORT', `the test runner exited with ${code} without writing ${file}`, { cause });
  });
  if (conformance.run.id === id) return conformance;
  throw new MeshproofError('NO_REPORT', `another run (${conformance.run.id}) has overwritten ${file}; this run (${id}) has no report`, {
    hint: 'give each of the overlapping runs its own folder with --report',
  });
}
