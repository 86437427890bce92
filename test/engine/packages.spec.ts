import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { expect, test } from '@playwright/test';

import { aptGet } from '../../clusters/engine/packages.ts';
import { until } from '../../clusters/until.ts';
import { scratchFolder } from './scratch.ts';

test.skip(process.platform !== 'linux', 'the stand-in reads its process group in /proc');

/** A stand-in for apt-get that starts, and ends on request. It writes files next to itself. */
const STAND_IN = `#!/bin/sh
here=$(dirname "$0")
cut -d ' ' -f 1,5 "/proc/$$/stat" > "$here/began.new" && mv "$here/began.new" "$here/began"
while [ ! -e "$here/go" ] && [ -d "$here" ]; do sleep 0.05; done
echo configured > "$here/ended"
`;

/** Runs `during` with a stand-in for apt-get first in PATH. */
async function withStandIn(during: (folder: string) => Promise<void>): Promise<void> {
  await using scratch = await scratchFolder();
  await writeFile(join(scratch.path, 'apt-get'), STAND_IN, { mode: 0o755 });
  const before = process.env['PATH'];
  process.env['PATH'] = [scratch.path, before].join(delimiter);
  try {
    await during(scratch.path);
  } finally {
    process.env['PATH'] = before;
  }
}

const began = async (folder: string): Promise<void> =>
  void (await until(() => existsSync(join(folder, 'began')), { what: 'the stand-in to begin', timeoutMs: 20_000 }));

test('Delays an interruption until apt-get has ended', async () => {
  await withStandIn(async (folder) => {
    const controller = new AbortController();
    const said: string[] = [];
    const installing = aptGet(['install', 'runc'], { signal: controller.signal, progress: (text) => void said.push(text) });
    const outcome = installing.catch((error: unknown) => error);
    await began(folder);
    const [pid, group] = (await readFile(join(folder, 'began'), 'utf8')).trim().split(' ');
    expect(group, 'Ctrl-C in the terminal goes to its whole process group').toBe(pid);
    controller.abort(new Error('interrupted'));
    expect(said).toEqual([expect.stringContaining('apt-get')]);
    await writeFile(join(folder, 'go'), '');
    expect(await outcome).toMatchObject({ message: 'interrupted' });
    expect(existsSync(join(folder, 'ended'))).toBe(true);
  });
});

test('Gives up on an apt-get that does not end', async () => {
  await withStandIn(async (folder) => {
    const controller = new AbortController();
    const outcome = aptGet(['install', 'runc'], { signal: controller.signal }, 1).catch((error: unknown) => error);
    await began(folder);
    controller.abort(new Error('interrupted'));
    expect(await outcome).toMatchObject({ message: 'interrupted' });
    expect(existsSync(join(folder, 'ended'))).toBe(false);
  });
});
