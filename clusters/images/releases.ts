import { chmod, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { hashOf, type Artifact } from './cache.ts';
import { download } from './download.ts';
import { lock } from './lock.ts';

/** For which machine a program is; the names are Node's. */
export interface Platform {
  os: 'linux' | 'darwin';
  arch: 'x64' | 'arm64';
}

/** Every platform that release pages are asked for. */
export const PLATFORMS: readonly Platform[] = (['linux', 'darwin'] as const).flatMap((os) =>
  (['x64', 'arm64'] as const).map((arch) => ({ os, arch })),
);

/** A program on a release page. */
export interface ReleaseFile {
  /** The program, or a gzipped tar archive with it. */
  url: string;
  /** The file with its SHA-256 that the release publishes beside it. */
  checksums: string;
}

export type Release = (platform: Platform) => ReleaseFile;

/** How release pages write an architecture. */
export const GO_ARCH = { x64: 'amd64', arm64: 'arm64' } as const;

const thisPlatform = (): Platform | undefined => PLATFORMS.find(({ os, arch }) => os === process.platform && arch === process.arch);

/**
 * A published program of this machine's kind; its folder holds it under its name. What was downloaded must be what the lock, or else the
 * release itself, says.
 * @returns undefined where none is published for such a machine
 */
export async function releaseArtifact(name: string, release: Release): Promise<Artifact | undefined> {
  const platform = thisPlatform();
  if (platform === undefined) return undefined;
  const { url, checksums } = release(platform);
  const pinned = (await lock()).downloads[url];
  return {
    name: `release-${name}`,
    hash: hashOf(url, pinned),
    make: async (folder, task) => {
      const file = join(folder, basename(url));
      const wanted = pinned ?? (await publishedChecksum({ url, checksums }, folder, task));
      requireSame(url, await download(url, file, task), wanted, pinned === undefined ? checksums : 'clusters/images/lock.json');
      if (/\.(tar\.gz|tgz)$/.test(url)) {
        const member = memberOf((await exec('tar', ['-tzf', file], task)).split('\n'), name);
        const depth = member.split('/').length - 1;
        await exec('tar', ['-xzf', file, '-C', folder, '--strip-components', String(depth), member], task);
        await rm(file);
      } else await rename(file, join(folder, name));
      await chmod(join(folder, name), 0o755);
    },
  };
}

/** Where in an archive the program is. */
function memberOf(names: readonly string[], program: string): string {
  const found = names.find((name) => basename(name) === program && !name.endsWith('/'));
  if (found !== undefined) return found;
  throw new MeshproofError('DOWNLOAD_UNFIT', `the downloaded archive holds no ${program}`);
}

/** What the release publishes as the SHA-256 of a file. */
export async function publishedChecksum({ url, checksums }: ReleaseFile, folder: string, task: TaskContext): Promise<string> {
  const file = join(folder, 'checksums');
  await download(checksums, file, task);
  const text = await readFile(file, 'utf8');
  await rm(file);
  const found = checksumIn(text, basename(url));
  if (found !== undefined) return found;
  throw new MeshproofError('DOWNLOAD_UNFIT', `${checksums} has no SHA-256 of ${basename(url)}`);
}

/** Reads a text as sha256sum writes it: of one file, or a line of each. */
export function checksumIn(text: string, name: string): string | undefined {
  const lines = text.trim().split('\n');
  const rows = lines.flatMap((line) => [...line.matchAll(/^([0-9a-f]{64})(?:\s+[*]?(\S+))?\s*$/gi)]);
  const row =
    rows.find(([, , of]) => of !== undefined && basename(of) === name) ?? (rows.length === 1 && lines.length === 1 ? rows[0] : undefined);
  return row?.[1]?.toLowerCase();
}

function requireSame(url: string, got: string, wanted: string, source: string): void {
  if (got === wanted) return;
  throw new MeshproofError('CHECKSUM_MISMATCH', `${url} has the SHA-256 ${got}, and ${source} says ${wanted}`, {
    hint: 'nothing of it was kept; a proxy or mirror may have altered the file, or the release was replaced',
  });
}
