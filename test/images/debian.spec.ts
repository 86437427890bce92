import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { expect, test as base } from '@playwright/test';

import { bootstrap } from '../../clusters/images/debian.ts';

const PATIENCE = { waitMs: 1 };

/** Puts a debootstrap first on PATH that counts its runs, fails with this text in the first `failures` runs, and then fills its folder. */
type Stand = (words: string, failures: number) => Promise<{ root: string; runs: () => Promise<number> }>;

const test = base.extend<{ stand: Stand }>({
  stand: async ({}, use, info) => {
    const before = process.env['PATH'];
    await use(async (words, failures) => {
      const [bin, root, count] = [info.outputPath('bin'), info.outputPath('root'), info.outputPath('count')];
      await Promise.all([mkdir(bin), mkdir(root)]);
      const script = `#!/bin/bash\necho run >> ${count}\nif [ $(wc -l < ${count}) -le ${failures} ]; then echo "${words}"; exit 1; fi\necho there > "\${@: -1}/file"\n`;
      await writeFile(join(bin, 'debootstrap'), script);
      await chmod(join(bin, 'debootstrap'), 0o755);
      process.env['PATH'] = `${bin}${delimiter}${before}`;
      return { root, runs: async () => (await readFile(count, 'utf8')).split('\n').length - 1 };
    });
    process.env['PATH'] = before;
  },
});

test('Bootstraps again if the mirror did not deliver a package', async ({ stand }) => {
  const { root, runs } = await stand("E: Couldn't download packages: curl", 1);
  await bootstrap(root, {}, PATIENCE);
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('there\n');
  expect(await runs()).toBe(2);
});

test('Gives up on a mirror that never delivers, and reports what it said', async ({ stand }) => {
  const { root, runs } = await stand('E: Failed getting release file http://mirror/Release', 99);
  await expect(bootstrap(root, {}, PATIENCE)).rejects.toThrow(/Failed getting release file/);
  expect(await runs()).toBe(4);
});

test('Does not bootstrap again after any other failure', async ({ stand }) => {
  const { root, runs } = await stand('E: Cannot install into target', 99);
  await expect(bootstrap(root, {}, PATIENCE)).rejects.toThrow(/Cannot install/);
  expect(await runs()).toBe(1);
});
