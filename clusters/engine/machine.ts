import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

import { exec } from '../exec.ts';

/** Distinguishes processes from those of other machines, boots and containers, in addition to their PID. */
export interface Machine {
  /** Identifies the machine across reboots; '' if unknown, as in a container. */
  host: string;
  /** Identifies the boot and the PID namespace; '' if unknown. */
  boot: string;
}

/** Inode of the initial PID namespace: PROC_PID_INIT_INO in linux/proc_ns.h. */
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
  // An image may contain a machine-id, so containers on different machines may share it.
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

/** Clones of a virtual machine share the machine-id, but rarely the host name. Hashed, because machine-id(5) asks not to expose it. */
function digest(identity: string): string {
  return identity === '' ? '' : createHash('sha256').update(`meshproof ${identity} ${hostname()}`).digest('hex').slice(0, 16);
}
