import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';

import { cacheFolder } from '../paths.ts';

/** What this machine reports about itself. Reading it changes nothing. */
export interface HostFacts {
  platform: NodeJS.Platform;
  arch: string;
  root: boolean;
  cpus: number;
  memoryBytes: number;
  memoryAvailableBytes: number;
  /** Space available to this user on the file system of the cache folder, or of its nearest existing parent. */
  diskFreeBytes: number;
  /** Linux only; undefined elsewhere. */
  linux?: LinuxFacts;
}

interface LinuxFacts {
  /** Whether the capability bounding set contains CAP_SYS_RESOURCE; without it no privileged container starts unless it is adapted. */
  sysResource: boolean;
  /** The version of the cgroup hierarchy that has the controllers. */
  cgroup: 1 | 2;
  /** Hard limit of open files of this process and its children; Infinity if unlimited. */
  openFiles: number;
  /** Limits for each user; kind's documentation recommends 524288 watches and 512 instances. */
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

/** The capability's number in linux/capability.h. */
export const CAP_SYS_RESOURCE = 24;

/** Parses the bounding set from the content of /proc/PID/status. Content without one counts as unrestricted. */
export function hasCapability(status: string, capability: number): boolean {
  const set = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return set === undefined || ((BigInt(`0x${set}`) >> BigInt(capability)) & 1n) === 1n;
}

/** Parses the content of /proc/PID/mountinfo. A hybrid host (v2 in a subfolder, without controllers) counts as version 1. */
export function cgroupVersion(mountinfo: string): 1 | 2 {
  const unified = mountinfo.split('\n').some((line) => line.split(' ')[4] === '/sys/fs/cgroup' && / - cgroup2 /.test(line));
  return unified ? 2 : 1;
}

/** Parses the hard limit in a row of /proc/PID/limits. */
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
