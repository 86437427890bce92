import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';

import { expect, test as base } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { countStopped, stopDeed } from '../../clusters/kind/process-deeds.ts';
import { until } from '../../clusters/until.ts';

const HERE = { command: [] };
const PROGRAM = 'perl';
const stopped = async (uid: string) => Number(await exec('bash', ['-c', countStopped(uid)]));

/** A process in a control group that has the name of a pod's. */
const test = base.extend<{ uid: string }>({
  uid: async ({}, use) => {
    const uid = randomUUID();
    const group = `/sys/fs/cgroup/pids/pod${uid}`;
    await mkdir(group);
    const child = spawn(PROGRAM, ['-e', 'sleep 600']);
    await writeFile(`${group}/cgroup.procs`, String(child.pid));
    await use(uid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => rmdir(group).then(() => true), { what: 'an empty control group', timeoutMs: 5_000 });
  },
});

test('stopped programs of a pod are told, and go on afterwards @engine', async ({ uid }) => {
  expect(await stopped(uid)).toBe(0);
  const held = await LeasedProcess.start(HERE, stopDeed(uid, ['no-such-program', PROGRAM]));
  expect(await stopped(uid)).toBe(1);
  await held.end();
  expect(await stopped(uid)).toBe(0);
});

test('a program that the pod does not have is no fault @engine', async ({ uid }) => {
  const start = LeasedProcess.start(HERE, stopDeed(uid, ['no-such-program']));
  await expect(start).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /is one of no-such-program/ });
});
