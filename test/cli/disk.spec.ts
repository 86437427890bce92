import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { explain } from '../../scripts/console/failure.ts';
import { meshproof } from './run.ts';
import { test } from './suite-folder.ts';

test('Names a state folder that cannot be created or read, instead of treating it as empty', async ({ folder }) => {
  const state = join(folder, 'file');
  await writeFile(state, '');
  const answers: readonly [string[], RegExp, number][] = [
    [['up'], /FOLDER_NOT_MADE.*\/file\/clusters[^]*MESHPROOF_STATE/, 2],
    [['down'], /FILE_REFUSED.*\/file\/clusters/, 3],
    [['sweep', '--dry-run'], /FILE_REFUSED.*\/file\/clusters/, 3],
  ];
  const env = { MESHPROOF_CACHE: join(folder, 'cache'), DOCKER_HOST: 'tcp://127.0.0.1:1', MESHPROOF_STATE: state };
  for (const [words, expected, code] of answers) {
    const { stderr, exitCode } = await meshproof(words, env);
    expect.soft(stderr, words[0]).toMatch(expected);
    expect.soft(exitCode, words[0]).toBe(code);
  }
});

test('Reports a cache that cannot be written before an engine is used', async ({ folder }) => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  const env = { MESHPROOF_CACHE: join(file, 'cache'), DOCKER_HOST: 'tcp://127.0.0.1:1', MESHPROOF_STATE: join(folder, 'state') };
  for (const words of [
    ['images', 'build', '--no-engine'],
    ['images', 'lock', '--no-engine'],
    ['up', '--no-engine'],
  ]) {
    const { stderr, exitCode } = await meshproof(words, env);
    expect.soft(stderr, words.join(' ')).toMatch(/FILE_REFUSED.*\/file/);
    expect.soft(exitCode, words.join(' ')).toBe(3);
  }
});

test('Reports a full disk and missing file permissions as such, and not as defects', () => {
  let said = '';
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array): boolean => {
    said += chunk.toString();
    return true;
  };
  try {
    const errors = ['ENOSPC', 'EROFS', 'ENAMETOOLONG', 'ENOENT'].map((code) =>
      Object.assign(new Error(`${code}: open '/a/b'`), { code, path: '/a/b' }),
    );
    expect(errors.map((error) => explain(error))).toEqual([3, 3, 3, 3]);
  } finally {
    process.stderr.write = write;
  }
  expect(said.match(/error\[\w+\]/g)).toEqual(['error[DISK_FULL]', 'error[FILE_REFUSED]', 'error[FILE_REFUSED]', 'error[UNEXPECTED]']);
  expect(said.match(/a bug in meshproof/g)).toHaveLength(1);
});

test('Names a folder for temporary files without space before anything starts', async ({ folder }) => {
  test.skip(process.platform !== 'linux' || process.getuid?.() !== 0, 'mounts a file system');
  const full = join(folder, 'full');
  await mkdir(full);
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', full]);
  try {
    await writeFile(join(full, 'all'), Buffer.alloc(4_096));
    for (const words of [['test', '--dry-run'], ['rbac']]) {
      const { stderr, exitCode } = await meshproof(words, { TMPDIR: full });
      expect(stderr).toMatch(/TEMPORARY_FOLDER_UNUSABLE.*\/full.*ENOSPC[^]*TMPDIR/);
      expect(exitCode).toBe(2);
    }
  } finally {
    await exec('umount', [full]);
  }
});
