import { join } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { engineAt } from '../../clusters/engine/engine.ts';
import { EXIT } from '../../clusters/errors.ts';
import { nodeImages } from '../../clusters/kind/node-images.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { kindChanges } from '../../clusters/kubernetes/schema-changes.ts';
import type { MeshModule } from '../../clusters/mesh/module.ts';
import type { Installation, MoveBetween, UpgradeWay } from '../../clusters/mesh/upgrade.ts';
import { UPGRADE_SCHEMA_VERSION, type UpgradeReport } from '../../fixtures/contract/upgrade.ts';
import { upgradeReportOf } from '../../fixtures/watch/upgrade-report.ts';
import type { Watcher } from '../../fixtures/watch/watcher.ts';
import { writeUpgrade } from '../../reporters/upgrade.ts';
import { commandsOf, Course, stopOf } from './upgrade-course.ts';
import { observe, withWatcher, type WatchAbout, type WatchTask } from './watch-rig.ts';

export interface UpgradeSettings {
  from: string;
  to: string;
  by: UpgradeWay;
  rollback: boolean;
  /** How long nothing is done after each change, in milliseconds. */
  hold: number;
  /** Total outage time that a class may have in a step without restarts, in milliseconds. */
  budget: number;
  rate: number;
  /** The report folder. */
  report: string;
}

/** A mesh that can be upgraded. */
export type Upgradable = MeshModule & { move: MoveBetween };

const EXIT_CODES: Readonly<Record<UpgradeReport['verdict'], number>> = { GO: EXIT.ok, 'NO-GO': EXIT.fail, 'NOT KNOWN': EXIT.unproven };

/** Upgrades the mesh of a cluster while its first rig is watched, and writes the report. @returns the exit code for the verdict */
export async function upgradeRig(
  module: Upgradable,
  cluster: ClusterDescription,
  settings: UpgradeSettings,
  task: WatchTask,
): Promise<number> {
  const api = await KubernetesApi.open(cluster);
  try {
    const installations = await installationsOn(module, cluster, settings, task.signal);
    return await withWatcher(cluster, settings, task, (watcher, about) =>
      upgradeWatched({ module, api, watcher, about, ...installations }, cluster, settings, task),
    );
  } finally {
    api.close();
  }
}

interface Means {
  module: Upgradable;
  api: KubernetesApi;
  watcher: Watcher;
  about: WatchAbout;
  from: Installation;
  to: Installation;
  back: Installation;
}

async function upgradeWatched(
  { module, api, watcher, about, from, to, back }: Means,
  cluster: ClusterDescription,
  settings: UpgradeSettings,
  { signal, progress, leases }: WatchTask,
): Promise<number> {
  const { by, rollback, hold, report } = settings;
  const moveTo = (installations: { from: Installation; to: Installation }) => module.move(cluster, api, by, installations);
  const [over, failed] = [new AbortController(), new AbortController()];
  const until = AbortSignal.any([signal, failed.signal]);
  const place = { api, rig: cluster.rigs[0] ?? '', holdMs: hold, mark: (step: string) => watcher.mark(step) };
  const course = new Course({ ...place, from, to, back: rollback ? back : undefined, moveTo }, { signal: until, progress: progress.say });
  watcher.begin();
  const watching = observe(watcher, about, { report }, { signal: AbortSignal.any([signal, over.signal]), progress, leases });
  const [stopped] = await Promise.all([
    course
      .run()
      .then(
        () => undefined,
        (error: unknown) => stopOf(error, course.steps, signal),
      )
      .finally(() => over.abort()),
    watching.catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  ]);
  const { steps, findings, broken } = course;
  const kinds = kindChanges(module.facts.schemas(from.version), module.facts.schemas(to.version));
  const done = { steps, findings, kinds, broken, stopped, wayBack: commandsOf(moveTo({ from: to, to: back })) };
  const { from: fromVersion, to: toVersion } = settings;
  const described = { ...about, from: fromVersion, to: toVersion, by, rollback };
  const last = upgradeReportOf(watcher.seen(), watcher.parts(), done, described, UPGRADE_SCHEMA_VERSION);
  await writeUpgrade(report, last);
  process.stdout.write(`${last.verdict}: ${last.reasons.join('; ')}\n${join(report, 'upgrade.md')}\n`);
  signal.throwIfAborted();
  return EXIT_CODES[last.verdict];
}

/** The installations that an upgrade passes, with the images that the nodes hold for each. */
async function installationsOn(
  module: Upgradable,
  { name, dockerHost = '' }: ClusterDescription,
  { from, to }: Pick<UpgradeSettings, 'from' | 'to'>,
  signal: AbortSignal,
): Promise<Pick<Means, 'from' | 'to' | 'back'>> {
  const nodes = nodeImages(name, await engineAt(dockerHost, { signal }), { signal });
  const [old, next] = [await module.buildIn(nodes, from), await module.buildIn(nodes, to)];
  return {
    from: { version: from, build: old, place: 'first' },
    to: { version: to, build: next, place: 'forward' },
    back: { version: from, build: old, place: 'back' },
  };
}
