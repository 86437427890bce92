import { resolve } from 'node:path';

import { EXIT, MeshproofError } from '../../clusters/errors.ts';
import { whereabouts } from '../../clusters/kubernetes/identity.ts';
import { readManifests } from '../../clusters/kubernetes/manifests.ts';
import { meshModule, type Mesh } from '../../clusters/meshes.ts';
import type { AppliedByChecks, UpOptions } from '../../clusters/provider.ts';
import { clusters } from '../../clusters/registry/description.ts';
import { ASSUMED, policiesFile, probesFile } from '../../fixtures/watch/manifests.ts';
import type { PlaceOptions } from '../console/cluster-options.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { onBorrowed } from '../run/borrowed.ts';
import { findCluster } from '../run/cluster.ts';
import { kindsOf } from '../run/kinds.ts';
import { VARIABLES } from '../run/preflight.ts';
import { contradiction, providerOf } from '../run/provider.ts';
import { claimReport, holdReport, requireReportFolder } from '../run/record.ts';
import { watchRig } from '../run/watch-rig.ts';

/** The options of `meshproof watch`. */
export interface WatchOptions extends PlaceOptions {
  /** Milliseconds. */
  for?: number;
  budget: number;
  rate: number;
  report: string;
  cluster?: string;
}

/** Watches a cluster, and leaves it as it was. @returns the exit code */
export async function watchCluster(options: WatchOptions): Promise<number> {
  const report = resolve(options.report);
  const task = { signal: untilInterrupted(), progress: startProgress() };
  requireReportFolder(report);
  const wanted = await placeOf(options);
  try {
    return await holdReport(report, async () => {
      await claimReport(report, options.mesh, undefined);
      return await onBorrowed(wanted, { fresh: false }, task, async ({ description }, until, leases) => {
        task.progress.say(`watching ${description.name} (${await whereabouts(description)})`);
        return await watchRig(description, { ...options, report }, { signal: until, progress: task.progress, leases });
      });
    });
  } finally {
    task.progress.pause();
  }
}

async function placeOf(options: WatchOptions): Promise<UpOptions> {
  const { mesh, cluster, registry } = options;
  if (options.provider === 'kind' && registry !== undefined)
    throw contradiction('--registry applies to existing clusters, but this watches a kind cluster that is up', 'add --provider=existing');
  const provider = await providerOf({ ...options, nodes: 1 });
  if (provider.kind === 'existing') provider.applies = await appliedBy(mesh);
  const wanted: UpOptions = {
    mesh,
    provider,
    images: { from: 'auto' },
    engine: false,
    rigs: 1,
    ...(cluster === undefined ? {} : { name: cluster }),
  };
  if (provider.kind === 'existing') return wanted;
  const found = await findCluster(await clusters(), wanted);
  // By its name, no other cluster is used or created if another run is faster.
  if (found !== undefined) return { ...wanted, name: found.name };
  throw new MeshproofError('CLUSTER_UNKNOWN', `no cluster with ${mesh} is up and free, so there is nothing to watch`, {
    hint: 'create one with npx meshproof up, or watch an existing cluster with --provider=existing',
    exitCode: EXIT.usage,
  });
}

/** What a watch does in an existing cluster. */
async function appliedBy(mesh: Mesh): Promise<AppliedByChecks> {
  const { facts } = await meshModule(mesh);
  const files = [policiesFile(facts.name), probesFile(facts.name)];
  const objects = (await Promise.all(files.map((file) => readManifests(file, VARIABLES)))).flat();
  return { ...kindsOf(objects, () => false), assumes: ASSUMED, uses: { manualInjection: false, load: false, injectorOutage: false } };
}
