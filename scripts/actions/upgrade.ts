import { resolve } from 'node:path';

import { meshModule, moveOf, type UpgradableMesh } from '../../clusters/meshes.ts';
import { omitUndefined } from '../../clusters/kubernetes/omit-undefined.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { DEFAULT_NODES } from '../console/cluster-options.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress, type Progress } from '../console/progress.ts';
import { onBorrowed } from '../run/borrowed.ts';
import { decide, type Decision } from '../run/decide.ts';
import { withExternalServices } from '../run/external-services.ts';
import { requireImageSource, requireMeshVersion } from '../run/provider.ts';
import { claimReport, holdReport, requireReportFolder } from '../run/record.ts';
import { upgradeRig, type UpgradeSettings } from '../run/upgrade-rig.ts';

/** The options of `meshproof upgrade`. */
export interface UpgradeOptions extends UpgradeSettings {
  mesh: UpgradableMesh;
  name: string;
  images: string;
  registry?: string;
  engine: boolean;
}

/** Creates a cluster with one version of a mesh, upgrades it under load, and removes the cluster. @returns the exit code */
export async function upgradeMesh(options: UpgradeOptions): Promise<number> {
  const { mesh, from, to, name, engine } = options;
  const report = resolve(options.report);
  const task = { signal: untilInterrupted(), progress: startProgress() };
  requireReportFolder(report);
  for (const meshVersion of [from, to]) requireMeshVersion({ mesh, meshVersion });
  const checks = options.suite.length === 0 ? undefined : await chosenChecks(options, report, task);
  const wanted: UpOptions = {
    mesh,
    meshVersion: from,
    otherVersions: [to],
    name,
    provider: { kind: 'kind', nodes: DEFAULT_NODES },
    images: await requireImageSource(options),
    engine,
    rigs: 1,
  };
  try {
    return await holdReport(report, async () => {
      await claimReport(report, mesh, undefined);
      return await onBorrowed(wanted, { fresh: true }, task, async ({ description }, until, leases) => {
        const module = { ...(await meshModule(mesh)), move: await moveOf(mesh) };
        const upgrade = async () =>
          upgradeRig(module, description, { ...options, report }, { signal: until, progress: task.progress, leases }, checks);
        const external = { signal: until, progress: task.progress.say };
        return await withExternalServices(description, checks?.external ?? [], wanted.images, external, upgrade);
      });
    });
  } finally {
    task.progress.pause();
  }
}

/** The checks of the chosen suites, whose manifests must match the kinds of the first version. @throws MeshproofError with exit code 2 */
async function chosenChecks(
  { mesh, from: meshVersion, suite: suites, images, registry, engine }: UpgradeOptions,
  report: string,
  task: { signal: AbortSignal; progress: Progress },
): Promise<Decision> {
  const place = { mesh, meshVersion, images, engine, provider: 'kind', nodes: DEFAULT_NODES, ...omitUndefined({ registry }) } as const;
  return await decide({ suites, ids: [], filters: [] }, { ...place, control: true, workers: 1 }, report, task);
}
