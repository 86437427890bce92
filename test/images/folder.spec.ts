import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { archivesByTag } from '../../clusters/images/folder.ts';
import { imageSourceOf, requireImageSource } from '../../scripts/run/provider.ts';
import { meshproof } from '../cli/run.ts';

/** Writes what `docker save` would, without the layers. */
async function saved(file: string, ...tags: string[]): Promise<void> {
  const manifest = `${file}.manifest`;
  await mkdir(manifest, { recursive: true });
  await writeFile(join(manifest, 'manifest.json'), JSON.stringify([{ Config: 'c.json', RepoTags: tags, Layers: [] }]));
  await exec('tar', ['-C', manifest, '-cf', file, '.']);
}

test('Distinguishes an archive that cannot be read from a file that is no archive', async ({}, info) => {
  const folder = info.outputPath('archives');
  await mkdir(folder);
  await saved(join(folder, 'a.tar'), 'meshproof/node:1');
  expect([...(await archivesByTag(folder, {})).keys()]).toEqual(['meshproof/node:1']);
  const refused = (why: RegExp) => ({ code: 'IMAGES_FOLDER', exitCode: 2, message: expect.stringMatching(why) });
  // Root may read any file, but not one that is gone.
  await symlink(join(folder, 'gone'), join(folder, 'b.tar'));
  await expect(archivesByTag(folder, {})).rejects.toMatchObject(refused(/b\.tar cannot be read: ENOENT/));
  await writeFile(join(folder, 'gone'), 'no archive');
  await expect(archivesByTag(folder, {})).rejects.toMatchObject(refused(/b\.tar is not an image archive/));
});

test('Rejects a folder without images, with which everything would be built', async ({}, info) => {
  const folder = info.outputPath('archives');
  await mkdir(folder);
  const refused = { code: 'IMAGES_FOLDER', exitCode: 2, hint: expect.stringContaining('images save') };
  await expect(requireImageSource({ images: folder })).rejects.toMatchObject(refused);
  await writeFile(join(folder, 'a.tar.gz'), 'compressed');
  await expect(archivesByTag(folder, {})).rejects.toMatchObject(refused);
  await saved(join(folder, 'a.tar'));
  await expect(archivesByTag(folder, {})).rejects.toMatchObject(refused);
});

test('Does not call an archive broken because tar is missing or was interrupted', async ({}, info) => {
  const folder = info.outputPath('archives');
  await mkdir(folder);
  await saved(join(folder, 'a.tar'), 'meshproof/node:1');
  await expect(archivesByTag(folder, { signal: AbortSignal.abort(new Error('Ctrl-C')) })).rejects.toThrow('Ctrl-C');
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    await expect(archivesByTag(folder, {})).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
  } finally {
    process.env['PATH'] = before;
  }
});

test('Reads the archives of a folder before an engine is started, and knows the folder by its absolute path', async ({}, info) => {
  const folder = info.outputPath('archives');
  await mkdir(folder);
  await saved(join(folder, 'a.tar'), 'meshproof/node:1');
  const images = relative('', folder);
  expect(await requireImageSource({ images })).toEqual({ from: folder });
  await writeFile(join(folder, 'b.tar'), 'no archive');
  await expect(requireImageSource({ images })).rejects.toMatchObject({ code: 'IMAGES_FOLDER', exitCode: 2 });
  // doctor reports the archive in its finding about images.
  expect(await imageSourceOf({ images })).toEqual({ from: folder });
});

test('Saves over archives that were saved before only, and refuses others before an engine is started', async ({}, info) => {
  const folder = info.outputPath('archives');
  await mkdir(folder);
  const env = { MESHPROOF_CACHE: info.outputPath('cache'), DOCKER_HOST: 'tcp://127.0.0.1:1' };
  const save = async () => await meshproof(['images', 'save', folder, '--no-engine'], env);
  await writeFile(join(folder, 'external.tar'), 'a backup of something else');
  const refused = await save();
  expect(refused.stderr).toMatch(/IMAGES_FOLDER.*external\.tar was not written by images save/);
  expect(refused.exitCode).toBe(2);
  await saved(join(folder, 'node.tar'), 'meshproof/node:1');
  await saved(join(folder, 'external.tar'), 'meshproof/postgres:1', 'meshproof/nginx:1');
  expect((await save()).stderr).toContain('error[ENGINE_MISSING]');
  await saved(join(folder, 'node.tar'), 'meshproof/node:1', 'postgres:15');
  expect((await save()).stderr).toMatch(/IMAGES_FOLDER.*node\.tar was not/);
});
