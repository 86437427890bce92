import { readdir, readFile } from 'node:fs/promises';

import { until } from '../until.ts';

/** A process, told apart from a later one with the same number by when it began. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot, behind the boot's id; '' where there is no /proc. */
  began: string;
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, began: await beganAt(pid) };
}

/** Whether that very process still runs. A zombie does not. */
export async function isAlive({ pid, began }: ProcessIdentity): Promise<boolean> {
  if (!exists(pid)) return false;
  return (await beganAt(pid)) === began && !(await isZombie(pid));
}

/** Numbers of the processes whose command line contains every text given; empty where there is no /proc. */
export async function processesWith(...texts: string[]): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .map(async (entry) => {
        const line = (await commandLine(Number(entry))).join(' ');
        return line !== '' && texts.every((text) => line.includes(text)) ? Number(entry) : undefined;
      }),
  );
  return found.filter((pid) => pid !== undefined);
}

/** The program and arguments of a process, as they were given; empty when it is gone. */
export async function commandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').slice(0, -1);
}

/** Asks a process to end, kills it when it has not after `graceMs`, and returns when it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  const victim = await identify(pid);
  for (const [signal, timeoutMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!(await isAlive(victim))) return;
    process.kill(pid, signal);
    const gone = until(async () => !(await isAlive(victim)), { what: `process ${pid} to end after ${signal}`, timeoutMs, everyMs: 50 });
    if (signal === 'SIGKILL') await gone;
    else await gone.catch(() => false);
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function stat(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything, so fields are counted from the last parenthesis on.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

async function beganAt(pid: number): Promise<string> {
  const ticks = (await stat(pid))[19];
  if (ticks === undefined) return '';
  return `${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()}/${ticks}`;
}

async function isZombie(pid: number): Promise<boolean> {
  return (await stat(pid))[0] === 'Z';
}
