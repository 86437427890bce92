import { access, readFile, rm } from 'node:fs/promises';

import { variable } from '../environment.ts';
import type { TaskContext } from '../task-context.ts';
import { BRIDGES } from './addresses.ts';
import { containerLeftovers } from './containers.ts';
import { findEngines } from './engine.ts';
import { otherUsers } from './engine-users.ts';
import { hostFirewall, type Firewall } from './firewall.ts';
import { deletion, isOurs, type SavedRule } from './firewall-rules.ts';
import type { Leftover, LeftoversOptions } from './leftover.ts';
import { SERVICE_POLICY, SERVICE_POLICY_TEXT } from './packages.ts';
import { privateEngineSettings } from './private-engine-config.ts';
import { privateEngineProcesses, privateEngineState } from './private-engine-state.ts';
import { stopPrivateEngine } from './private-engine.ts';

/** What killed runs left of engines on this machine: containers, firewall rules, processes, files. Starts nothing. */
export async function leftovers(options: LeftoversOptions = {}, task: TaskContext = {}): Promise<Leftover[]> {
  const engines = await findEngines(task);
  const asked = variable('DOCKER_HOST');
  if (asked !== undefined && engines.every(({ host }) => host !== asked))
    options.spare?.(`whatever is on ${asked}`, 'no Docker engine responds there');
  const containers = await Promise.all(engines.map((engine) => containerLeftovers(engine, options, task)));
  const daemon = await daemonLeftovers(options);
  return [...containers.flat(), ...daemon.left, ...(await ruleLeftovers(daemon.isGone)), ...(daemon.isGone ? await policyLeftovers() : [])];
}

/** A private engine of which parts remain although its daemon is gone. */
async function daemonLeftovers({ spare }: LeftoversOptions): Promise<{ isGone: boolean; left: Leftover[] }> {
  if (process.platform !== 'linux') return { isGone: true, left: [] };
  const { run } = privateEngineSettings();
  const state = await privateEngineState();
  if (state === 'silent') spare?.('the private engine', 'its daemon runs and does not answer');
  // One that is being started is not there yet.
  if (state !== 'gone' || (await otherUsers(run)).length > 0) return { isGone: false, left: [] };
  const processes = await privateEngineProcesses();
  if (processes.length === 0 && !(await exists(run))) return { isGone: true, left: [] };
  const parts = processes.length === 0 ? `folder ${run}` : `processes ${processes.map(({ pid }) => pid).join(', ')}`;
  // It looks again, under the engine's lock.
  return {
    isGone: true,
    left: [{ what: `remains of the private engine: ${parts}`, remove: async () => void (await stopPrivateEngine()) }],
  };
}

/** Rules of ours about a bridge that is gone. */
async function ruleLeftovers(isGone: boolean): Promise<Leftover[]> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return [];
  const left: Leftover[] = [];
  for (const flavour of ['', '-legacy']) {
    const firewall = hostFirewall(flavour);
    for (const family of [4, 6] as const) {
      const saved = await firewall.saved(family).catch(() => undefined);
      for (const rule of saved?.rules.filter(isOurs) ?? []) {
        const bridge = rule.spec[rule.spec.indexOf('-i') + 1] ?? '';
        // A private engine's rules are there before its bridges.
        const expected = !isGone && (bridge === BRIDGES.engine || bridge === BRIDGES.nodes);
        if (!expected && !(await exists(`/sys/class/net/${bridge}`))) left.push(ruleLeftover(firewall, family, rule, bridge));
      }
    }
  }
  return left;
}

function ruleLeftover(firewall: Firewall, family: 4 | 6, rule: SavedRule, bridge: string): Leftover {
  return {
    what: `firewall rule for ${bridge} (IPv${family})`,
    remove: async () => void (await firewall.run(family, deletion(rule)).catch(() => '')),
  };
}

/** While an engine is being installed it is needed. */
async function policyLeftovers(): Promise<Leftover[]> {
  const text = await readFile(SERVICE_POLICY, 'utf8').catch(() => '');
  return text === SERVICE_POLICY_TEXT ? [{ what: `file ${SERVICE_POLICY}`, remove: () => rm(SERVICE_POLICY, { force: true }) }] : [];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
