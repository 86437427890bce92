import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type TestInfo } from '@playwright/test';

import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { until } from '../../clusters/until.ts';

const HERE = { command: [] };

/** A change recorded in a file, which contains `before` until the change is applied and after it is reverted. */
async function changeOn(info: TestInfo) {
  const file = info.outputPath('trace');
  await writeFile(file, 'before\n');
  const is = async (text: string) => (await readFile(file, 'utf8')) === `${text}\n`;
  return { file, is, change: { apply: `echo meanwhile >'${file}'`, revert: `echo before >'${file}'` } };
}

test('Keeps a change for as long as it is renewed, and reverts it at the end', async ({}, info) => {
  const { is, change } = await changeOn(info);
  const held = await LeasedProcess.start(HERE, change, { leaseS: 1 });
  expect(await is('meanwhile')).toBe(true);
  // Longer than a lease, so only renewal can have kept the change.
  const began = performance.now();
  await until(() => performance.now() - began > 1_500, { what: 'more than a lease', timeoutMs: 5_000 });
  expect([held.lasts, await is('meanwhile')]).toEqual([true, true]);
  await held.end();
  expect([held.lasts, await is('before')]).toEqual([false, true]);
});

test('Reverts a change that failed halfway, and reports why', async ({}, info) => {
  const { file, is, change } = await changeOn(info);
  const apply = `${change.apply}\necho no such thing >&2\nfalse\ntouch '${file}-further'`;
  await expect(LeasedProcess.start(HERE, { ...change, apply })).rejects.toMatchObject({
    code: 'NODE_PROCESS',
    message: expect.stringContaining('no such thing'),
  });
  await until(() => is('before'), { what: 'the change to be reverted', timeoutMs: 5_000 });
  await expect(access(`${file}-further`)).rejects.toThrow();
});

test('Reports a change that cannot be reverted', async ({}, info) => {
  const { change } = await changeOn(info);
  const held = await LeasedProcess.start(HERE, { ...change, revert: 'false' });
  await expect(held.end()).rejects.toMatchObject({ code: 'NODE_PROCESS' });
});

test('Reverts a change at its limit, even if it is renewed', async ({}, info) => {
  const { is, change } = await changeOn(info);
  const held = await LeasedProcess.start(HERE, change, { leaseS: 1, limitS: 1 });
  await until(() => !held.lasts, { what: 'the limit', timeoutMs: 5_000 });
  expect(await is('before')).toBe(true);
});

const MODULE = join(import.meta.dirname, '../../clusters/kind/leased-process.ts');

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(`Reverts a change when the process that renews it gets ${signal}`, async ({}, info) => {
    const { is, change } = await changeOn(info);
    const program = `
      import { LeasedProcess } from ${JSON.stringify(MODULE)};
      await LeasedProcess.start({ command: [] }, ${JSON.stringify(change)}, { leaseS: 1 });
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    try {
      await until(() => is('meanwhile'), { what: 'the change', timeoutMs: 20_000 });
      child.kill(signal);
      await until(() => is('before'), { what: 'the change to be reverted', timeoutMs: 10_000 });
    } finally {
      child.kill('SIGKILL');
    }
  });
}
