import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { expect, test } from '@playwright/test';

import { artifact, type Artifact } from '../../clusters/images/cache.ts';
import { bake } from '../../clusters/images/node-image.ts';
import { scratchCache } from './scratch.ts';

/** An artifact that counts how often it is built. */
function counted(): Artifact & { made: () => number } {
  let made = 0;
  const make = async (folder: string): Promise<void> => writeFile(join(folder, 'file'), `made ${(made += 1)}`);
  return { name: 'test', hash: '1', make, made: () => made };
}

test('Builds an artifact once for several concurrent callers', async () => {
  await using _ = await scratchCache();
  const wanted = counted();
  const folders = await Promise.all([1, 2, 3].map(() => artifact(wanted, {})));
  expect(new Set(folders).size).toBe(1);
  expect(wanted.made()).toBe(1);
});

test('Rejects a seal that does not list all files', async () => {
  await using _ = await scratchCache();
  const wanted = counted();
  const folder = await artifact(wanted, {});
  const seal = await readFile(join(folder, 'sealed.json'), 'utf8');
  for (const [file, text] of [
    ['sealed.json', '{}'],
    ['sealed.json', 'null'],
    ['sealed.json', ''],
    ['more', 'text'],
    ['file', 'other text'],
  ] as const) {
    const before = wanted.made();
    await writeFile(join(folder, file), text);
    await artifact(wanted, {});
    expect(wanted.made(), `${file}: ${text}`).toBe(before + 1);
  }
  expect(await artifact(wanted, {})).toBe(folder);
  expect(wanted.made()).toBe(6);
  expect(JSON.parse(seal)).toHaveProperty('file');
});

test('Removes leftovers of killed builds with the next build', async () => {
  await using _ = await scratchCache();
  const wanted = counted();
  const folder = await artifact(wanted, {});
  await mkdir(`${folder}.draft-killed`);
  await writeFile(join(folder, 'sealed.json'), '');
  await artifact(wanted, {});
  expect(await readdir(dirname(folder))).toEqual(['test-1']);
});

test('Quotes archive names that have a meaning to a shell or to Docker', async () => {
  const archives = ['/my cache, "here"/a/image.tar', '/images/$(reboot); my image.tar'];
  const calls: (readonly string[])[] = [];
  const engine = {
    docker: async (args: readonly string[]) => {
      calls.push(args);
      return '';
    },
  };
  await bake(engine, 'base', archives, 'tag', {});
  const mounts = calls[0]?.filter((_, at, all) => all[at - 1] === '--mount');
  expect(mounts).toEqual([
    '"type=bind","source=/my cache, ""here""/a","target=/mnt/0","readonly"',
    '"type=bind","source=/images","target=/mnt/1","readonly"',
  ]);
  const imported = calls.find((args) => args.includes('/mnt/0/image.tar'));
  expect(imported?.slice(-2)).toEqual(['/mnt/0/image.tar', '/mnt/1/$(reboot); my image.tar']);
  for (const args of calls) if (args !== imported) expect(args.join(' ')).not.toContain('reboot');
});
