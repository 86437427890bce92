import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

import { identify, type ProcessIdentity } from './processes.ts';

/** The processes whose command line contains all of the given texts; empty without /proc. */
export async function processesWith(...texts: string[]): Promise<ProcessIdentity[]> {
  return processesWhere((argv) => texts.every((text) => argv.join(' ').includes(text)));
}

/** The processes of a program, by its name without folder, with an argument that contains the text. Empty without /proc. */
export async function programsWith(program: RegExp, text: string): Promise<ProcessIdentity[]> {
  return processesWhere(([name = '', ...args]) => program.test(basename(name)) && (text === '' || args.some((arg) => arg.includes(text))));
}

/** The processes whose root is in a folder. Empty without /proc. */
export async function processesRootedIn(folder: string): Promise<ProcessIdentity[]> {
  return identified(async (pid) => (await readlink(`/proc/${pid}/root`).catch(() => '')).startsWith(`${folder}/`));
}

/** The processes in this process's namespaces: one in a container may have the same paths, but is not meshproof's. */
export async function notInContainers(processes: readonly ProcessIdentity[]): Promise<ProcessIdentity[]> {
  const here = await nameSpaces('self');
  const spaces = await Promise.all(processes.map(({ pid }) => nameSpaces(pid)));
  return processes.filter((_, at) => spaces[at] === here);
}

async function processesWhere(isMeant: (argv: readonly string[]) => boolean): Promise<ProcessIdentity[]> {
  return identified((pid) => hasArguments(pid, isMeant));
}

/** Adds the identity of each process, which distinguishes it from a later one with the same PID. */
async function identified(isMeant: (pid: number) => Promise<boolean>): Promise<ProcessIdentity[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (!(await isMeant(pid))) return [];
      const identity = await identify(pid);
      // The process may have ended before it was identified.
      return (await isMeant(pid)) ? [identity] : [];
    }),
  );
  return found.flat();
}

/** A process that has ended has no arguments, and neither has a kernel thread. */
async function hasArguments(pid: number, isMeant: (argv: readonly string[]) => boolean): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text !== '' && isMeant(text.split('\0').slice(0, -1));
}

/** '' if they may not be read, as for another user's process. */
async function nameSpaces(pid: number | 'self'): Promise<string> {
  const links = ['pid', 'mnt'].map((kind) => readlink(`/proc/${pid}/ns/${kind}`));
  return (await Promise.all(links).catch(() => [])).join(' ');
}
