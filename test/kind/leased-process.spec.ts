import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type TestInfo } from '@playwright/test';

import { LeasedProcess } from '../../clusters/kind/leased-process.ts';
import { until } from '../../clusters/until.ts';

const HERE = { command: [] };

/** A deed whose trace is a file: `before` before it and after it has been taken back. */
async function deedOn(info: TestInfo) {
  const file = info.outputPath('trace');
  await writeFile(file, 'before\n');
  const is = async (text: string) => (await readFile(file, 'utf8')) === `${text}\n`;
  return { file, is, deed: { apply: `echo meanwhile >'${file}'`, undo: `echo before >'${file}'` } };
}

test('a deed lasts for as long as it is renewed, and is taken back at its end', async ({}, info) => {
  const { is, deed } = await deedOn(info);
  const held = await LeasedProcess.start(HERE, deed, { leaseS: 1 });
  expect(await is('meanwhile')).toBe(true);
  // Longer than a lease: what renews it is the only thing that can have kept it.
  const began = performance.now();
  await until(() => performance.now() - began > 1_500, { what: 'more than a lease', timeoutMs: 5_000 });
  expect([held.lasts, await is('meanwhile')]).toEqual([true, true]);
  await held.end();
  expect([held.lasts, await is('before')]).toEqual([false, true]);
});

test('a deed that fails halfway is taken back, and says why', async ({}, info) => {
  const { file, is, deed } = await deedOn(info);
  const apply = `${deed.apply}\necho no such thing >&2\nfalse\ntouch '${file}-further'`;
  await expect(LeasedProcess.start(HERE, { ...deed, apply })).rejects.toMatchObject({ code: 'NODE_PROCESS', message: /no such thing/ });
  await until(() => is('before'), { what: 'the deed to be undone', timeoutMs: 5_000 });
  await expect(access(`${file}-further`)).rejects.toThrow();
});

test('a deed that cannot be taken back is told', async ({}, info) => {
  const { deed } = await deedOn(info);
  const held = await LeasedProcess.start(HERE, { ...deed, undo: 'false' });
  await expect(held.end()).rejects.toMatchObject({ code: 'NODE_PROCESS' });
});

test('a deed does not outlive its limit, though it is renewed', async ({}, info) => {
  const { is, deed } = await deedOn(info);
  const held = await LeasedProcess.start(HERE, deed, { leaseS: 1, limitS: 1 });
  await until(() => !held.lasts, { what: 'the limit', timeoutMs: 5_000 });
  expect(await is('before')).toBe(true);
});

const MODULE = join(import.meta.dirname, '../../clusters/kind/leased-process.ts');

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(`a deed ends by itself when the process that renews it gets ${signal}`, async ({}, info) => {
    const { is, deed } = await deedOn(info);
    const program = `
      import { LeasedProcess } from ${JSON.stringify(MODULE)};
      await LeasedProcess.start({ command: [] }, ${JSON.stringify(deed)}, { leaseS: 1 });
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    try {
      await until(() => is('meanwhile'), { what: 'the deed', timeoutMs: 20_000 });
      child.kill(signal);
      await until(() => is('before'), { what: 'the end of the deed', timeoutMs: 10_000 });
    } finally {
      child.kill('SIGKILL');
    }
  });
}
