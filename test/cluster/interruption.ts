import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { execa } from 'execa';

import type { ClusterDescription } from '../../clusters/cluster.ts';
import { until } from '../../clusters/until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Ways to interrupt a run. `killed`: nothing is left that could clean up, so a sweep follows. */
export const INTERRUPTIONS = [
  'ctrl-c',
  'ctrl-c twice',
  'SIGTERM',
  'SIGINT then SIGTERM',
  'SIGHUP',
  'closed pipe',
  'SIGKILL',
  'SIGKILL of all',
  'time limit',
  'first failure',
  'API server gone',
  'API server gone, ctrl-c',
] as const;
type Interruption = (typeof INTERRUPTIONS)[number];

/** Numbers from 0 to 1, determined by a seed (mulberry32). */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Interrupted {
  exitCode: number | null;
  /** The last line that the run had printed when it was interrupted, which shows the stage. */
  stage: string;
  output: string;
  /** Milliseconds from the interruption to the end of the last process. */
  cleanUpMs: number;
}

/** Chooses from lists, and numbers from 0 to 1, in an order that a seed determines. */
export function choicesOf(seed: number): { next: () => number; pick: <T>(from: readonly T[]) => T } {
  const next = numbersOf(seed);
  return { next, pick: <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T };
}

interface Moment {
  how: Interruption;
  /** Milliseconds before the interruption, from the start or from when `awaits` is fulfilled. */
  afterMs: number;
  /** What to wait for first. */
  awaits?: () => Promise<unknown>;
  env?: Record<string, string>;
  outage?: () => Promise<void>;
}

/**
 * Starts `meshproof` like a shell, in its own process group, interrupts it after `afterMs`, and waits until all its processes have ended.
 */
export async function interrupted(args: readonly string[], moment: Moment): Promise<Interrupted> {
  const { how, afterMs, awaits = async () => undefined, env = {}, outage } = moment;
  const more = {
    'time limit': ['--timeout', String(Math.max(1_000, Math.round(afterMs / 3)))],
    'first failure': ['-x', '--timeout', '5000'],
  };
  const child = spawn(process.execPath, [join(ROOT, 'scripts/meshproof.ts'), ...args, ...((more as Record<string, string[]>)[how] ?? [])], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const pid = child.pid ?? 0;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'exit');
  const family = new Set<number>([pid]);
  const watch = setInterval(() => void descendants(pid).then((pids) => pids.forEach((one) => family.add(one))), 200);
  // Whatever was waited for, the run must not go on unwatched.
  await Promise.race([awaits().then(() => delay(afterMs)), ended]).catch(() => undefined);
  const stage = output.trimEnd().split('\n').at(-1) ?? '';
  const began = performance.now();
  const out = how.startsWith('API server gone') ? outage?.() : undefined;
  await strike(how, pid, [...new Set([...family, ...(await descendants(pid))])], () => child.stdout.destroy());
  if (how === 'closed pipe') child.stderr.destroy();
  const [[exitCode]] = (await Promise.all([ended, out])) as [[number | null], void];
  const alive = async () => (await Promise.all([...family].map(isRunning))).some(Boolean);
  await until(async () => !(await alive()), { what: 'the processes of the run to end', timeoutMs: 300_000 }).finally(() =>
    clearInterval(watch),
  );
  return { exitCode, stage, output, cleanUpMs: Math.round(performance.now() - began) };
}

async function strike(how: Interruption, pid: number, family: readonly number[], closePipe: () => void): Promise<void> {
  // A terminal's Ctrl-C reaches the whole process group.
  const group = (signal: NodeJS.Signals) => tryToKill(-pid, signal);
  if (how.includes('ctrl-c')) group('SIGINT');
  if (how === 'ctrl-c twice') {
    await delay(1_500);
    group('SIGINT');
  }
  if (how === 'SIGTERM') tryToKill(pid, 'SIGTERM');
  if (how === 'SIGINT then SIGTERM') {
    tryToKill(pid, 'SIGINT');
    await delay(2_000);
    tryToKill(pid, 'SIGTERM');
  }
  if (how === 'SIGHUP') group('SIGHUP');
  if (how === 'closed pipe') closePipe();
  if (how === 'SIGKILL') tryToKill(pid, 'SIGKILL');
  if (how === 'SIGKILL of all') for (const one of family) tryToKill(one, 'SIGKILL');
}

/** Stops the API server of a kind cluster's first node for this long, like a reboot of its machine, and waits until it responds again. */
export async function outageOf(cluster: ClusterDescription, forMs = 60_000): Promise<void> {
  const [there, away] = ['/etc/kubernetes/manifests/kube-apiserver.yaml', '/etc/kubernetes/kube-apiserver.yaml'];
  const inNode = (...command: string[]) =>
    execa('docker', ['-H', cluster.dockerHost ?? '', 'exec', `${cluster.name}-control-plane`, ...command]);
  const answers = async () =>
    (await inNode('curl', '-sk', '-o', '/dev/null', 'https://localhost:6443/readyz').catch(() => undefined)) !== undefined;
  await inNode('mv', there, away);
  try {
    await until(async () => !(await answers()), { what: 'the API server to be gone', timeoutMs: 60_000 });
    await delay(forMs);
  } finally {
    await inNode('mv', away, there);
  }
  await until(answers, { what: 'the API server to answer again', timeoutMs: 180_000 });
}

function tryToKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] !== 'Z';
}

/** All processes that a process has started, directly or indirectly, and that are still its descendants. */
async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}
