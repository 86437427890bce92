import { expect, test } from '@playwright/test';

import { CAP_SYS_RESOURCE, cgroupVersion, hardLimit, hasCapability, isRestricted, readHost } from '../../clusters/engine/host.ts';

test('Detects a bounding set without CAP_SYS_RESOURCE', () => {
  expect(hasCapability('CapEff:\t000001ffffffffff\nCapBnd:\t000001fffeffffff\n', CAP_SYS_RESOURCE)).toBe(false);
  expect(hasCapability('CapBnd:\t000001fffeffffff\n', CAP_SYS_RESOURCE - 1)).toBe(true);
  expect(hasCapability('CapBnd:\t000001ffffffffff\n', CAP_SYS_RESOURCE)).toBe(true);
  expect(hasCapability('', CAP_SYS_RESOURCE)).toBe(true);
});

test('Takes the cgroup version from the hierarchy with the controllers', () => {
  const hybrid = [
    '30 22 0:25 / /sys/fs/cgroup rw,nosuid shared:9 - tmpfs tmpfs rw,mode=755',
    '31 30 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw',
    '32 30 0:27 / /sys/fs/cgroup/memory rw,nosuid shared:11 - cgroup cgroup rw,memory',
  ].join('\n');
  const unified = '30 22 0:25 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
  expect([cgroupVersion(hybrid), cgroupVersion(unified)]).toEqual([1, 2]);
});

test('Reads the hard limit, not the soft one', () => {
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max open files            1024                 20000                files     ',
    'Max locked memory         8388608              unlimited            bytes     ',
  ].join('\n');
  expect(hardLimit(limits, 'Max open files')).toBe(20_000);
  expect(hardLimit(limits, 'Max locked memory')).toBe(Number.POSITIVE_INFINITY);
  expect(hardLimit(limits, 'Max nothing')).toBe(Number.POSITIVE_INFINITY);
});

test('Reads plausible values on this host', async () => {
  const host = await readHost();
  expect(host.cpus).toBeGreaterThan(0);
  expect(host.memoryBytes).toBeGreaterThanOrEqual(host.memoryAvailableBytes);
  expect(host.diskFreeBytes).toBeGreaterThan(0);
  expect(host.linux === undefined).toBe(process.platform !== 'linux');
  expect(isRestricted({ ...host, linux: { sysResource: false, cgroup: 1, openFiles: 1, inotify: { watches: 1, instances: 1 } } })).toBe(
    true,
  );
});
