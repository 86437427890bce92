import { join } from 'node:path';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { engineAt } from '../../clusters/engine/engine.ts';
import { identify } from '../../clusters/engine/processes.ts';
import { EXIT } from '../../clusters/errors.ts';
import { nodeImages } from '../../clusters/kind/node-images.ts';
import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { kindChanges } from '../../clusters/kubernetes/schema-changes.ts';
import type { MeshModule } from '../../clusters/mesh/module.ts';
import type { Installation, MoveBetween, UpgradeWay } from '../../clusters/mesh/upgrade.ts';
import { byPart } from '../../clusters/mesh/versions.ts';
import { describedIn, descriptionFile, writeDescription } from '../../clusters/registry/description.ts';
import { Journal } from '../../clusters/rigs/journal.ts';
import { recover } from '../../clusters/rigs/recover.ts';
import { UPGRADE_FOLDER } from '../../fixtures/contract/report-folder.ts';
import { UPGRADE_SCHEMA_VERSION, type Station, type UpgradeReport } from '../../fixtures/contract/upgrade.ts';
import { upgradeReportOf } from '../../fixtures/watch/upgrade-report.ts';
import type { Stop } from '../../fixtures/watch/upgrade-verdict.ts';
import { writeUpgrade } from '../../reporters/upgrade.ts';
import type { Decision } from './decide.ts';
import { behaviourOf, readDefaults, runChosen, type Recorded } from './upgrade-behaviour.ts';
import { commandsOf, stopOf } from './upgrade-course.ts';
import { takeLeg, type TakenLeg } from './upgrade-leg.ts';
import type { WatchTask } from './watch-rig.ts';

export interface UpgradeSettings {
  from: string;
  to: string;
  by: UpgradeWay;
  rollback: boolean;
  /** The suites that are run before the upgrade, after it, and after the rollback. */
  suite: string[];
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

/**
 * Upgrades the mesh of a cluster while its first rig is watched, and writes the report.
 * @param checks the checks of the chosen suites; undefined if none are chosen
 * @returns the exit code for the verdict
 */
export async function upgradeRig(
  module: Upgradable,
  cluster: ClusterDescription,
  settings: UpgradeSettings,
  task: WatchTask,
  checks?: Pick<Decision, 'args' | 'settings'>,
): Promise<number> {
  const api = await KubernetesApi.open(cluster);
  try {
    const installations = await installationsOn(module, cluster, settings, task.signal);
    const last = await new Upgrade({ module, api, cluster, settings, task, checks, ...installations }).run();
    await writeUpgrade(settings.report, last);
    process.stdout.write(`${last.verdict}: ${last.reasons.join('; ')}\n${join(settings.report, 'upgrade.md')}\n`);
    task.signal.throwIfAborted();
    return EXIT_CODES[last.verdict];
  } finally {
    api.close();
  }
}

interface Means {
  module: Upgradable;
  api: KubernetesApi;
  cluster: ClusterDescription;
  settings: UpgradeSettings;
  task: WatchTask;
  checks: Pick<Decision, 'args' | 'settings'> | undefined;
  from: Installation;
  to: Installation;
  back: Installation;
}

/** An upgrade: the watched ways, and the checks before, between and after them. */
class Upgrade {
  readonly #means: Means;
  readonly #legs: TakenLeg[] = [];
  readonly #recorded: Recorded[] = [];
  /** As the mesh is now. */
  #cluster: ClusterDescription;

  constructor(means: Means) {
    this.#means = means;
    this.#cluster = means.cluster;
  }

  /** Goes the ways until the end or until one is stopped. @throws what stopped it before the first step */
  async run(): Promise<UpgradeReport> {
    const { settings, from, to, back } = this.#means;
    const parts: [string, () => Promise<void>][] = [
      ['behaviour before the upgrade', () => this.#record('before')],
      ['the way forward', () => this.#go('forward', from, to)],
      ['behaviour after the upgrade', () => this.#record('after')],
    ];
    if (settings.rollback)
      parts.push(['the rollback', () => this.#go('rollback', to, back)], ['behaviour after the rollback', () => this.#record('rollback')]);
    for (const [name, act] of parts) {
      const stopped = await act().then(
        () => this.#legs.at(-1)?.stopped,
        (error: unknown) => {
          if (this.#legs.length === 0) throw error;
          return stopOf(error, name, this.#means.task.signal);
        },
      );
      if (stopped !== undefined) return await this.#report(stopped);
    }
    return await this.#report(undefined);
  }

  async #go(direction: 'forward' | 'rollback', from: Installation, to: Installation): Promise<void> {
    const { api, task, settings } = this.#means;
    const { hold: holdMs, report } = settings;
    // The report of the rollback must not replace that of the way forward.
    const watch = { ...settings, report: direction === 'forward' ? report : join(report, UPGRADE_FOLDER, 'watch of the rollback') };
    const way = { direction, from, to, holdMs, move: this.#moveTo(from, to) };
    const leg = await takeLeg({ api, cluster: this.#cluster, watch, ...way }, task);
    this.#legs.push(leg);
    if (leg.stopped === undefined) await this.#arrive(to);
  }

  /** Removes the policies of the watch, and describes the cluster as it is now to the processes that use it next. */
  async #arrive({ version, build }: Installation): Promise<void> {
    const { module, api, task } = this.#means;
    const now = { ...(await describedIn(descriptionFile(this.#cluster.name))), meshVersion: version, meshTag: build.tag };
    const adapter = module.connect(now, api);
    const { name: owner, rigs } = now;
    for (const rig of rigs) {
      const journal = await Journal.open(api, rig, { owner, holder: await identify(process.pid) });
      await recover(api, adapter, { journal, rig, owner }, { signal: task.signal });
    }
    this.#cluster = { ...now, versions: { ...now.versions, ...byPart(adapter.facts, await adapter.versions({ signal: task.signal })) } };
    await writeDescription(this.#cluster);
  }

  async #record(at: Station): Promise<void> {
    const { checks, settings, task } = this.#means;
    const { signal, progress } = task;
    progress.say(`reading the defaults of the proxies: ${at}`);
    const recorded: Recorded = { at, ...(await readDefaults(this.#cluster, signal)) };
    this.#recorded.push(recorded);
    if (checks === undefined) return;
    progress.say(`running the checks of ${settings.suite.join(', ')}: ${at}`);
    progress.pause();
    recorded.run = await runChosen(this.#cluster, checks, join(settings.report, UPGRADE_FOLDER, at), signal);
  }

  #moveTo(from: Installation, to: Installation) {
    const { module, api, cluster, settings } = this.#means;
    return module.move(cluster, api, settings.by, { from, to });
  }

  async #report(stopped: Stop | undefined): Promise<UpgradeReport> {
    const { module, settings, to, back } = this.#means;
    const [first, ...others] = this.#legs;
    if (first === undefined) throw new RangeError('no way was taken');
    const { from: fromVersion, to: toVersion, by, rollback, suite, report } = settings;
    const kinds = kindChanges(module.facts.schemas(fromVersion), module.facts.schemas(toVersion));
    const rollbackCommands = commandsOf(this.#moveTo(to, back));
    const behaviour = await behaviourOf(this.#recorded, report);
    const about = { ...first.about, from: fromVersion, to: toVersion, by, rollback, suites: suite };
    const course = { legs: [first, ...others] as const, findings: [...first.findings], kinds, rollbackCommands, stopped, ...behaviour };
    return upgradeReportOf(course, about, UPGRADE_SCHEMA_VERSION);
  }
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
    back: { version: from, build: old, place: 'rollback' },
  };
}
