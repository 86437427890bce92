import { resolve } from 'node:path';

import { meshModule, moveOf, type UpgradableMesh } from '../../clusters/meshes.ts';
import type { UpOptions } from '../../clusters/provider.ts';
import { untilInterrupted } from '../console/interrupt.ts';
import { startProgress } from '../console/progress.ts';
import { onBorrowed } from '../run/borrowed.ts';
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
  const wanted: UpOptions = {
    mesh,
    meshVersion: from,
    otherVersions: [to],
    name,
    provider: { kind: 'kind', nodes: 1 },
    images: await requireImageSource(options),
    engine,
    rigs: 1,
  };
  try {
    return await holdReport(report, async () => {
      await claimReport(report, mesh, undefined);
      return await onBorrowed(wanted, { fresh: true }, task, async ({ description }, until, leases) =>
        upgradeRig(
          { ...(await meshModule(mesh)), move: await moveOf(mesh) },
          description,
          { ...options, report },
          { signal: until, progress: task.progress, leases },
        ),
      );
    });
  } finally {
    task.progress.pause();
  }
}
