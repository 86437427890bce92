import { readFile } from 'node:fs/promises';

import { exec } from '../exec.ts';
import { membersOf } from '../files.ts';
import { until } from '../until.ts';
import { thisMachine, type Machine } from './machine.ts';

/** A process, told apart from any other one on any machine: what is made for it carries this record. */
export interface ProcessIdentity extends Machine {
  pid: number;
  /** When it began: on Linux field 22 of /proc/PID/stat, in clock ticks since the boot; '' where that cannot be told. */
  began: string;
}

/** What became of a process. `unknown` where this machine cannot tell, as of one on another machine: who asks must take it for running. */
export type Life = 'alive' | 'dead' | 'unknown';

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { ...(await thisMachine()), pid, began: await beganAt(pid) };
}

/** The record in what a file or a label holds, or undefined where it is none. */
export function identityIn(value: unknown): ProcessIdentity | undefined {
  const { host, boot, pid, began } = membersOf(value);
  if (typeof host !== 'string' || typeof boot !== 'string' || typeof began !== 'string' || typeof pid !== 'number') return undefined;
  // Numbers below have a meaning of their own for the kernel.
  return Number.isSafeInteger(pid) && pid > 0 ? { host, boot, pid, began } : undefined;
}

/** What became of a process, as far as this machine can tell. A zombie is dead. */
export async function lifeOf(identity: ProcessIdentity | undefined, here?: Machine): Promise<Life> {
  if (identity === undefined) return 'unknown';
  const { host, boot } = here ?? (await thisMachine());
  const { pid, began } = identity;
  if (identity.boot === '' || identity.boot !== boot)
    return identity.host !== '' && identity.host === host && boot !== '' ? 'dead' : 'unknown';
  if (!exists(pid)) return 'dead';
  const now = await beganAt(pid);
  if (now === '' || began === '') return exists(pid) ? 'unknown' : 'dead';
  return now === began && !(await isZombie(pid)) ? 'alive' : 'dead';
}

/** Whether that very process is known to run. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await lifeOf(identity)) === 'alive';
}

/** Asks a process to end, kills it when it has not after `graceMs`, and returns when it is gone. Another one that has its number by now is left alone. */
export async function endProcess(victim: ProcessIdentity, graceMs: number): Promise<void> {
  const { pid } = victim;
  for (const [signal, timeoutMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!(await isAlive(victim))) return;
    if (!send(pid, signal)) return;
    const gone = until(async () => !(await isAlive(victim)), { what: `process ${pid} to end after ${signal}`, timeoutMs, everyMs: 50 });
    if (signal === 'SIGKILL') await gone;
    else await gone.catch(() => false);
  }
}

/** False where it has gone. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to someone else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function stat(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything, so fields are counted from the last parenthesis on.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

async function beganAt(pid: number): Promise<string> {
  if (process.platform !== 'darwin') return (await stat(pid))[19] ?? '';
  const options = { timeoutMs: 10_000, env: { LC_ALL: 'C', TZ: 'UTC' } };
  return (await exec('ps', ['-o', 'lstart=', '-p', String(pid)], options).catch(() => '')).trim();
}

async function isZombie(pid: number): Promise<boolean> {
  return (await stat(pid))[0] === 'Z';
}
