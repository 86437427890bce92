import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { digestOf } from './cache.ts';

/** The fields of an image's configuration that meshproof's images use, with the names of the OCI image specification. */
export interface ImageConfig {
  Entrypoint: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  StopSignal?: string;
}

/** What the history of an image that was built here says, and that of no published one. */
export const BUILDER = 'meshproof';

/**
 * Writes `file` like `docker save`: one layer from the folder `root`, tagged `tag`. The same input results in the same bytes. Source: OCI
 * image specification, config.md; moby image/spec v1.2 (manifest.json).
 */
export async function writeArchive(root: string, tag: string, config: ImageConfig, file: string, task: TaskContext): Promise<void> {
  const draft = `${file}.layers`;
  await mkdir(draft, { recursive: true });
  try {
    const layer = join(draft, 'layer.tar');
    const steady = ['--sort=name', '--mtime=@0', '--numeric-owner', '--format=gnu'];
    await exec('tar', [...steady, '-C', root, '-cf', layer, '.'], task);
    const digest = await digestOf(layer);
    await rename(layer, join(draft, `${digest}.tar`));
    const image = JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config,
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: BUILDER }],
    });
    const id = createHash('sha256').update(image).digest('hex');
    await writeFile(join(draft, `${id}.json`), image);
    await writeFile(join(draft, 'manifest.json'), JSON.stringify([{ Config: `${id}.json`, RepoTags: [tag], Layers: [`${digest}.tar`] }]));
    await exec('tar', [...steady, '--owner=0', '--group=0', '-C', draft, '-cf', file, '.'], task);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The tags of the images in an archive written by `docker save`. */
export async function archiveTags(file: string, task: TaskContext): Promise<string[]> {
  const text = await exec('tar', ['--force-local', '-xOf', file, '--wildcards', '--no-anchored', 'manifest.json'], task);
  const images = JSON.parse(text) as { RepoTags: string[] | null }[];
  return images.flatMap((image) => image.RepoTags ?? []);
}
