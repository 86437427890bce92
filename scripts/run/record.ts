import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, release, totalmem } from 'node:os';
import { join } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { given } from '../../clusters/kubernetes/given.ts';
import type { RunDescription } from '../../fixtures/results/run.ts';

/** The report folder where no option names one. */
export const REPORT = process.env['MESHPROOF_REPORT'] ?? 'meshproof-report';
/** Folders of the report that its verdicts refer to by relative path. */
export const TRACES = ['diagnostics', 'evidence'];

/** What a run says about itself, for the reports. A cluster that was there already costs this run nothing, so it has no timings. */
export async function describeRun(cluster: ClusterDescription, made: boolean, workers: number): Promise<RunDescription> {
  const { serverOf } = await import('../../clusters/kubernetes/identity.ts');
  return {
    id: randomBytes(4).toString('hex'),
    startedAt: new Date().toISOString(),
    mesh: cluster.mesh,
    versions: { node: process.versions.node, ...cluster.versions },
    environment: {
      cluster: cluster.name,
      provider: cluster.provider,
      context: cluster.context,
      ...given({ server: await serverOf(cluster) }),
      platform: `${process.platform} ${process.arch}`,
      kernel: release(),
      cpus: String(availableParallelism()),
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      workers: String(workers),
    },
    timings: made ? cluster.timings : {},
  };
}

/** Writes run.json into the report folder and returns its path. The traces that an earlier run's verdicts referred to go; the reporter removes the rest. */
export async function prepareReport(folder: string, run: RunDescription): Promise<string> {
  await Promise.all(TRACES.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'run.json');
  await writeFile(file, `${JSON.stringify(run, undefined, 2)}\n`);
  return file;
}
