import { setTimeout as delay } from 'node:timers/promises';

import { causeOf, MeshproofError } from '../../clusters/errors.ts';
import type { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import type { Installation, Move, RunningVersions, UpgradeChange } from '../../clusters/mesh/upgrade.ts';
import { labelMeshed, restartMeshed } from '../../clusters/rigs/restart.ts';
import type { TaskContext } from '../../clusters/task-context.ts';
import { until } from '../../clusters/until.ts';
import type { UpgradeStep } from '../../fixtures/contract/upgrade.ts';
import type { Stop } from '../../fixtures/watch/upgrade-verdict.ts';

/** A step that was begun; the watcher has a part for each. */
export type TakenStep = Pick<UpgradeStep, 'name' | 'kind' | 'direction' | 'running' | 'commands'>;

/** What a way needs to know, and how it tells the watcher where it is. */
export interface CourseOptions {
  api: KubernetesApi;
  rig: string;
  direction: Exclude<UpgradeStep['direction'], 'before'>;
  from: Installation;
  to: Installation;
  move: Move;
  /** How long nothing is done after each change, in milliseconds. */
  holdMs: number;
  mark: (step: string) => void;
}

/** Proxies that have just been restarted, or that have lost their control plane, connect within seconds. */
const CONNECTED_MS = 60_000;

/** The way to another installation, step by step. What was done until an error or the signal stopped it remains readable. */
export class Course {
  readonly steps: TakenStep[] = [];
  /** What the mesh's own tool reported beforehand. */
  readonly findings: string[] = [];
  /** What the mesh did not do as it must. */
  readonly broken: string[] = [];
  readonly #options: CourseOptions;
  readonly #task: Required<TaskContext>;
  #direction: UpgradeStep['direction'] = 'before';

  constructor(options: CourseOptions, task: Required<TaskContext>) {
    this.#options = options;
    this.#task = task;
  }

  /** Goes the way. Before the way forward, restarts the pods without an upgrade. */
  async run(): Promise<void> {
    const { direction } = this.#options;
    if (direction === 'forward') await this.#prepare();
    this.#direction = direction;
    await this.#go();
  }

  async #prepare(): Promise<void> {
    const { from, move } = this.#options;
    this.findings.push(...(await move.precheck(this.#task)));
    await this.#hold(`${from.version} before anything is changed`, 'untouched');
    await this.#restart(`restart every pod with ${from.version} as before: the control`, 'control');
    await this.#hold(`hold after the control`, 'untouched');
  }

  async #go(): Promise<void> {
    const { move, to } = this.#options;
    for (const change of move.before) await this.#change(change);
    await this.#restart(`restart every pod with ${to.version}`, 'restart', move.labels);
    await this.#hold(`hold: every proxy was restarted with ${to.version}`, 'hold');
    for (const change of move.after) await this.#change(change);
    await this.#restart(`restart every pod with ${to.version} once more: a control`, 'control');
    await this.#hold(`hold: ${to.version} at the end`, 'hold');
    await this.#requireReached(to);
  }

  async #change({ title, command, run }: UpgradeChange): Promise<void> {
    await this.#step({ name: title, kind: 'change', commands: [command] }, () => run(this.#task));
    await this.#hold(`hold after: ${title}`, 'hold');
  }

  async #hold(name: string, kind: 'untouched' | 'hold'): Promise<void> {
    const { signal } = this.#task;
    await this.#step({ name, kind, commands: [] }, () => delay(this.#options.holdMs, undefined, { signal }));
  }

  async #restart(name: string, kind: 'control' | 'restart', labels: Move['labels'] = {}): Promise<void> {
    const { api, rig } = this.#options;
    await this.#step({ name, kind, commands: restartCommands(labels) }, async () => {
      if (Object.keys(labels).length > 0) await labelMeshed(api, rig, labels);
      await restartMeshed(api, rig, this.#task);
    });
  }

  async #step(step: Omit<TakenStep, 'direction' | 'running'>, act: () => Promise<void>): Promise<void> {
    const taken: TakenStep = { ...step, direction: this.#direction, running: [] };
    this.#options.mark(step.name);
    this.#task.progress(step.name);
    this.steps.push(taken);
    await act();
    taken.running = await this.#options.move.running(this.#task).then(
      (running) => running.map(inWords),
      (error: unknown) => [`not readable: ${causeOf(error)}`],
    );
  }

  /** All proxies, and the only control plane, must have the version now. */
  async #requireReached(to: Installation): Promise<void> {
    const { signal } = this.#task;
    const look = async (): Promise<boolean> => {
      const running = await this.#options.move.running(this.#task);
      if (haveReached(running, to.build.tag)) return true;
      throw new Error(`there are ${running.map(inWords).join('; ') || 'none'}`);
    };
    const what = `only ${to.build.tag} to run`;
    await until(look, { what, timeoutMs: CONNECTED_MS, everyMs: 1_000, signal }).catch((error: unknown) => {
      if (!(error instanceof MeshproofError && error.code === 'TIMED_OUT')) throw error;
      this.broken.push(causeOf(error));
    });
  }
}

/**
 * Why an upgrade ended with an error: somebody interrupted it, or a step failed.
 * @param step the name of the last one that was begun
 */
export function stopOf(error: unknown, step: string | undefined, interrupted: AbortSignal): Stop {
  if (!interrupted.aborted)
    return { why: step === undefined ? causeOf(error) : `in the step "${step}": ${causeOf(error)}`, isInterrupted: false };
  const where = step === undefined ? 'before the first step' : `at the step "${step}"`;
  return { why: `${causeOf(interrupted.reason)} ${where}`, isInterrupted: true };
}

/** The commands by which an operator restarts pods with the proxies of another installation. */
function restartCommands(labels: Move['labels']): string[] {
  const words = Object.entries(labels).map(([label, value]) => (value === null ? `${label}-` : `${label}=${value}`));
  const restart = 'kubectl rollout restart deployment --namespace NAMESPACE';
  return words.length === 0 ? [restart] : [`kubectl label --overwrite namespace NAMESPACE ${words.join(' ')}`, restart];
}

/** The commands of a move, in their order. */
export const commandsOf = ({ before, labels, after }: Pick<Move, 'before' | 'labels' | 'after'>): string[] => [
  ...before.map(({ command }) => command),
  ...restartCommands(labels),
  ...after.map(({ command }) => command),
];

/** Whether one control plane and its proxies run, all of them this version. */
export function haveReached(running: readonly RunningVersions[], version: string): boolean {
  const [only, ...others] = running;
  if (only === undefined || others.length > 0) return false;
  const { controlPlane, proxies } = only;
  return proxies.size === 1 && proxies.has(version) && controlPlane.join() === version;
}

/** e.g. `default: 1.31, proxies 5× 1.30, 2× 1.31`. */
function inWords({ name, controlPlane, proxies }: RunningVersions): string {
  const counts = [...proxies].map(([version, count]) => `${count}× ${version}`);
  return `${name}: ${[...controlPlane, `proxies ${counts.join(', ') || 'none'}`].join(', ')}`;
}
