import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';

import { exec } from '../../clusters/exec.ts';
import { ensureExternalImages, requireExternalImage } from '../../clusters/external/images.ts';
import { lock } from '../../clusters/images/lock.ts';
import type { Docker } from '../../clusters/images/node-image.ts';
import { EXTERNAL_IMAGE_NAMES, externalImages } from '../../clusters/images/recipes/external.ts';
import { scratchFolder } from './scratch.ts';

/** The client of an engine that has these images and can pull any other, with a log of its calls. */
function client(present: readonly string[], said: string[]): Docker {
  return {
    docker: async (args) => {
      if (args[0] !== 'image') said.push(args.join(' '));
      else if (!present.includes(args.at(-1) ?? '')) throw new Error('no such image');
      return '';
    },
  };
}

test('Neither pulls, builds nor loads an image that the engine has', async () => {
  const names = (await externalImages()).map(({ name }) => name);
  const said: string[] = [];
  for (const from of ['auto', 'pull', 'build', '/nowhere'])
    await ensureExternalImages(EXTERNAL_IMAGE_NAMES, { from }, client(names, said), {});
  expect(said).toEqual([]);
  expect(await requireExternalImage('nginx', client(names, said))).toBe(names[1]);
});

test('Tags a pulled image with the requested name', async () => {
  const jaeger = (await externalImages()).find(({ upstream }) => upstream?.includes('all-in-one'));
  const said: string[] = [];
  await ensureExternalImages(['jaeger'], { from: 'pull' }, client([], said), {});
  expect(said).toEqual([`pull -q ${jaeger?.upstream}`, `tag ${jaeger?.upstream} ${jaeger?.name}`]);
});

test("Uses a tag of the engine's owner as it is, because pulling it again would move it", async () => {
  const { name = '', upstream = '' } = (await externalImages()).find((image) => image.name.includes('postgres')) ?? {};
  const said: string[] = [];
  await ensureExternalImages(['postgres'], { from: 'pull' }, client([upstream], said), {});
  expect(said).toEqual([`tag ${upstream} ${name}`]);
});

test('Pulls an image by its digest in the lock, even if the engine has a tag with its name', async () => {
  const { name = '', upstream = '' } = (await externalImages()).find((image) => image.name.includes('postgres')) ?? {};
  const { images } = await lock();
  const digest = `sha256:${'0a'.repeat(32)}`;
  images[upstream] = digest;
  try {
    const said: string[] = [];
    await ensureExternalImages(['postgres'], { from: 'pull' }, client([upstream], said), {});
    const pinned = `docker.io/library/postgres@${digest}`;
    expect(said).toEqual([`pull -q ${pinned}`, `tag ${pinned} ${name}`]);
  } finally {
    delete images[upstream];
  }
});

/** The client of an engine with one image, which was pulled by this digest or has this history; any other can be pulled. */
function clientWith(
  name: string,
  { digest = '', createdBy = 'RUN apt-get' }: { digest?: string; createdBy?: string },
  said: string[],
): Docker {
  return {
    docker: async (args) => {
      if (args[0] !== 'image') said.push(args.join(' '));
      else if (args.at(-1) !== name) throw new Error('no such image');
      else if (args[1] === 'history') return createdBy;
      else if (args.join().includes('RepoDigests')) return JSON.stringify(digest === '' ? [] : [`mirror.test/m/postgres@${digest}`]);
      return '';
    },
  };
}

test('Pulls an image that the engine has again if it is not the one with the digest in the lock, unless it was built', async () => {
  const { name = '', upstream = '' } = (await externalImages()).find((image) => image.name.includes('postgres')) ?? {};
  const { images } = await lock();
  const digest = `sha256:${'0a'.repeat(32)}`;
  const callsWith = async (image: { digest?: string; createdBy?: string }): Promise<string[]> => {
    const said: string[] = [];
    await ensureExternalImages(['postgres'], { from: 'pull' }, clientWith(name, image, said), {});
    return said;
  };
  const other = { digest: `sha256:${'0b'.repeat(32)}` };
  expect(await callsWith(other)).toEqual([]);
  images[upstream] = digest;
  try {
    const pinned = `docker.io/library/postgres@${digest}`;
    for (const image of [other, {}]) expect(await callsWith(image)).toEqual([`pull -q ${pinned}`, `tag ${pinned} ${name}`]);
    for (const image of [{ digest }, { createdBy: 'meshproof' }]) expect(await callsWith(image)).toEqual([]);
  } finally {
    delete images[upstream];
  }
});

test('Reports an image that is neither in the folder of archives nor on the engine', async () => {
  await using folder = await scratchFolder();
  await writeFile(join(folder.path, 'manifest.json'), JSON.stringify([{ RepoTags: ['docker.io/meshproof/node:1'] }]));
  await exec('tar', ['-C', folder.path, '-cf', join(folder.path, 'node.tar'), 'manifest.json']);
  const from = ensureExternalImages(['postgres'], { from: folder.path }, client([], []), {});
  await expect(from).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE', hint: expect.stringContaining('images save') });
  await expect(requireExternalImage('postgres', client([], []))).rejects.toMatchObject({ code: 'IMAGE_UNAVAILABLE' });
});
