import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

import { exec } from '../exec.ts';

/** By what numbers of processes are told apart from those of other machines, other starts and other containers. */
export interface Machine {
  /** The machine, across its starts; '' where that cannot be told, as in a container. */
  host: string;
  /** This start of the machine, and the name space of its process numbers; '' where that cannot be told. */
  boot: string;
}

/** The kernel's number of the name space of processes that is no container's: PROC_PID_INIT_INO in linux/proc_ns.h. */
const NO_CONTAINER = '4026531836';

let known: Promise<Machine> | undefined;

export function thisMachine(): Promise<Machine> {
  known ??= process.platform === 'darwin' ? readDarwin() : readLinux();
  return known;
}

async function readLinux(): Promise<Machine> {
  const [boot, id, link] = await Promise.all([
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/machine-id'),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  const space = /\d+/.exec(link)?.[0] ?? '';
  // An image may bring its machine-id along, so containers on any number of machines have the same.
  return { host: space === NO_CONTAINER ? digest(id) : '', boot: boot === '' || space === '' ? '' : `${boot}/${space}` };
}

async function readDarwin(): Promise<Machine> {
  const asked = (program: string, args: string[]): Promise<string> => exec(program, args, { timeoutMs: 10_000 }).catch(() => '');
  const [boot, device] = await Promise.all([
    asked('sysctl', ['-n', 'kern.bootsessionuuid']),
    asked('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']),
  ]);
  return { host: digest(/"IOPlatformUUID" = "([^"]+)"/.exec(device)?.[1] ?? ''), boot: boot.trim() };
}

async function text(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}

/** Copies of one virtual machine share the identity, but seldom the name. Hashed, because machine-id(5) asks not to hand it on. */
function digest(identity: string): string {
  return identity === '' ? '' : createHash('sha256').update(`meshproof ${identity} ${hostname()}`).digest('hex').slice(0, 16);
}
