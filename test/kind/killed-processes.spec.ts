import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { countLiving, killScript } from '../../clusters/kind/killed-processes.ts';
import { until } from '../../clusters/until.ts';

const PROGRAM = 'perl';
const run = async (script: string): Promise<string[]> => (await exec('bash', ['-c', script])).split('\n').filter((line) => line !== '');

test('Kills the chosen processes of a pod, and recognises them by their start time @engine', async () => {
  const uid = randomUUID();
  const group = `/sys/fs/cgroup/pids/pod${uid}`;
  await mkdir(group);
  const child = spawn(PROGRAM, ['-e', 'sleep 600']);
  await writeFile(`${group}/cgroup.procs`, String(child.pid));
  const ended = once(child, 'exit');
  expect(await run(killScript(uid, ['no-such-program']))).toEqual([]);
  const at = (await exec('bash', ['-c', `sed 's/.*) //' /proc/${child.pid}/stat | cut -d ' ' -f 20`])).trim();
  const one = `${child.pid}:${at}`;
  expect(await run(countLiving([one, `${child.pid}:1`]))).toEqual(['1']);
  expect(await run(killScript(uid, ['no-such-program', PROGRAM]))).toEqual([one]);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(await run(countLiving([one]))).toEqual(['0']);
  expect(await run(killScript(uid))).toEqual([]);
  await until(() => rmdir(group).then(() => true), { what: 'an empty control group', timeoutMs: 5_000 });
});
