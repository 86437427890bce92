import { readFile } from 'node:fs/promises';

import { exec } from '../exec.ts';
import { membersOf } from '../files.ts';
import { until } from '../until.ts';
import { thisMachine, type Machine } from './machine.ts';

/** Identifies a process on any machine. Whatever is created for a process carries this record. */
export interface ProcessIdentity extends Machine {
  pid: number;
  /** Its start time: on Linux field 22 of /proc/PID/stat, in clock ticks since boot; '' if unknown. */
  began: string;
}

/**
 * The state of a process. `unknown` if this machine cannot tell, e.g. for a process on another machine; it must then be assumed to be
 * alive.
 */
export type Life = 'alive' | 'dead' | 'unknown';

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { ...(await thisMachine()), pid, began: await beganAt(pid) };
}

/** Parses the identity in a file or label; undefined if the value is not one. */
export function identityIn(value: unknown): ProcessIdentity | undefined {
  const { host, boot, pid, began } = membersOf(value);
  if (typeof host !== 'string' || typeof boot !== 'string' || typeof began !== 'string' || typeof pid !== 'number') return undefined;
  // The kernel gives other meanings to PIDs below 1.
  return Number.isSafeInteger(pid) && pid > 0 ? { host, boot, pid, began } : undefined;
}

/** The state of a process, as far as this machine can tell. A zombie is dead. */
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

/** Whether exactly this process is known to be alive. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await lifeOf(identity)) === 'alive';
}

/**
 * Terminates a process, kills it if it has not ended after `graceMs`, and returns when it has ended. Leaves alone a different process that
 * has got the same PID.
 */
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

/** False if the process has ended. */
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
    // EPERM: it exists and belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function stat(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may contain anything, so fields are counted from the last parenthesis.
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
