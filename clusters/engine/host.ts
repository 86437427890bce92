import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';

import { cacheFolder } from '../paths.ts';

/** What this machine says about itself. Nothing is tried to find it out, so asking changes nothing. */
export interface HostFacts {
  platform: NodeJS.Platform;
  arch: string;
  root: boolean;
  cpus: number;
  memoryBytes: number;
  memoryAvailableBytes: number;
  /** Free for us on the file system of the cache folder, or of its nearest existing parent. */
  diskFreeBytes: number;
  /** Linux only; undefined elsewhere. */
  linux?: LinuxFacts;
}

interface LinuxFacts {
  /** Whether CAP_SYS_RESOURCE is in the capability bounding set: without it no privileged container starts unaided. */
  sysResource: boolean;
  /** Which cgroup hierarchy holds the controllers. */
  cgroup: 1 | 2;
  /** Hard limit of open files for this process and its children; Infinity when unlimited. */
  openFiles: number;
  /** Per user; kind's documentation asks for 524288 watches and 512 instances. */
  inotify: { watches: number; instances: number };
}

/** Whether containers need the restricted runtime on this host. */
export function isRestricted(host: HostFacts): boolean {
  return host.linux?.sysResource === false;
}

export async function readHost(): Promise<HostFacts> {
  const linux = process.platform === 'linux' ? await readLinux() : undefined;
  return {
    platform: process.platform,
    arch: process.arch,
    root: process.getuid?.() === 0,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    memoryAvailableBytes: freemem(),
    diskFreeBytes: await diskFree(cacheFolder()),
    ...(linux === undefined ? {} : { linux }),
  };
}

async function readLinux(): Promise<LinuxFacts> {
  const [status, mounts, limits, watches, instances] = await Promise.all(
    [
      '/proc/self/status',
      '/proc/self/mountinfo',
      '/proc/self/limits',
      '/proc/sys/fs/inotify/max_user_watches',
      '/proc/sys/fs/inotify/max_user_instances',
    ].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return {
    sysResource: hasCapability(status ?? '', CAP_SYS_RESOURCE),
    cgroup: cgroupVersion(mounts ?? ''),
    openFiles: hardLimit(limits ?? '', 'Max open files'),
    inotify: { watches: Number(watches), instances: Number(instances) },
  };
}

/** Number of the capability in linux/capability.h. */
export const CAP_SYS_RESOURCE = 24;

/** Reads the bounding set out of the text of /proc/PID/status. A text without one counts as unrestricted. */
export function hasCapability(status: string, capability: number): boolean {
  const set = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return set === undefined || ((BigInt(`0x${set}`) >> BigInt(capability)) & 1n) === 1n;
}

/** Reads the text of /proc/PID/mountinfo. A hybrid host (v2 at a subfolder, without controllers) counts as 1. */
export function cgroupVersion(mountinfo: string): 1 | 2 {
  const unified = mountinfo.split('\n').some((line) => line.split(' ')[4] === '/sys/fs/cgroup' && / - cgroup2 /.test(line));
  return unified ? 2 : 1;
}

/** Reads the hard column of a row out of the text of /proc/PID/limits. */
export function hardLimit(limits: string, title: string): number {
  const row = limits.split('\n').find((line) => line.startsWith(`${title} `));
  const hard = row?.slice(title.length).trim().split(/\s+/)[1];
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

async function diskFree(folder: string): Promise<number> {
  for (let at = folder; ; at = at.slice(0, at.lastIndexOf('/')) || '/') {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch (error) {
      if (at === '/' || !at.includes('/')) throw error;
    }
  }
}
