import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';

import { expect, test as base } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { countStopped, stopScript } from '../../clusters/kind/stopped-processes.ts';
import { until } from '../../clusters/until.ts';

const HERE = { command: [] };
const PROGRAM = 'perl';
const counts = async (uid: string) => (await exec('bash', ['-c', countStopped(uid, ['no-such-program', PROGRAM])])).trim();

/** A process in a cgroup named like a pod's. */
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

test('Counts the stopped processes of a pod, and continues them afterwards @engine', async ({ uid }) => {
  expect(await counts(uid)).toBe('0 1');
  const held = await LeasedProcess.start(HERE, stopScript(uid, ['no-such-program', PROGRAM]));
  expect(await counts(uid)).toBe('1 0');
  expect((await exec('bash', ['-c', countStopped(uid, ['no-such-program'])])).trim()).toBe('0 0');
  await held.end();
  expect(await counts(uid)).toBe('0 1');
});

test('Reports an error if the pod runs none of the programs @engine', async ({ uid }) => {
  const start = LeasedProcess.start(HERE, stopScript(uid, ['no-such-program']));
  await expect(start).rejects.toMatchObject({ code: 'NODE_PROCESS', message: expect.stringContaining('is one of no-such-program') });
});
