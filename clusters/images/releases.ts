import { chmod, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { EXIT, MeshproofError } from '../errors.ts';
import { exec } from '../exec.ts';
import type { TaskContext } from '../task-context.ts';
import { hashOf, type Artifact } from './cache.ts';
import { download, requireDownloads, type DownloadOptions } from './download.ts';
import { lock } from './lock.ts';

/** The platform of a program, with the names of Node.js. */
export interface Platform {
  os: 'linux' | 'darwin';
  arch: 'x64' | 'arm64';
}

/** Every platform that release pages are queried for. */
export const PLATFORMS: readonly Platform[] = (['linux', 'darwin'] as const).flatMap((os) =>
  (['x64', 'arm64'] as const).map((arch) => ({ os, arch })),
);

/** A program on a release page. */
export interface ReleaseFile {
  /** The program, or a gzipped tar archive that contains it. */
  url: string;
  /** The file with its SHA-256, which the release publishes as well. */
  checksums: string;
}

export type Release = (platform: Platform) => ReleaseFile;

/** Names of architectures on release pages. */
export const GO_ARCH = { x64: 'amd64', arm64: 'arm64' } as const;

const thisPlatform = (): Platform | undefined => PLATFORMS.find(({ os, arch }) => os === process.platform && arch === process.arch);

/**
 * A published program for this machine's platform; the artifact's folder contains it under its name. The download must match the lock, or
 * else the checksum of the release.
 * @returns with whether the lock has its checksum; undefined if none is published for this platform
 */
export async function releaseArtifact(name: string, release: Release): Promise<(Artifact & { pinned: boolean }) | undefined> {
  const platform = thisPlatform();
  if (platform === undefined) return undefined;
  const { url, checksums } = release(platform);
  const pinned = (await lock()).downloads[url];
  return {
    name: `release-${name}`,
    hash: hashOf(url, pinned),
    pinned: pinned !== undefined,
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

/** The path of the program in an archive. */
function memberOf(names: readonly string[], program: string): string {
  const found = names.find((name) => basename(name) === program && !name.endsWith('/'));
  if (found !== undefined) return found;
  throw new MeshproofError('DOWNLOAD_UNFIT', `the downloaded archive contains no ${program}`);
}

/**
 * The SHA-256 of a file according to the release, or to the mirror of release pages.
 * @throws MeshproofError `DOWNLOADS_ADDRESS` with exit code 2 if that mirror has no TLS: whoever alters the file can alter its checksum
 */
export async function publishedChecksum(
  { url, checksums }: ReleaseFile,
  folder: string,
  task: TaskContext,
  options?: DownloadOptions,
): Promise<string> {
  const { protocol, hostname } = requireDownloads() ?? new URL(checksums);
  if (protocol === 'http:' && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) {
    throw new MeshproofError('DOWNLOADS_ADDRESS', `a checksum of ${basename(url)} from ${hostname} without TLS vouches for nothing`, {
      hint: 'set MESHPROOF_DOWNLOADS to an https:// URL; only files in clusters/images/lock.json are downloaded without TLS',
      exitCode: EXIT.usage,
    });
  }
  const file = join(folder, 'checksums');
  await download(checksums, file, task, options);
  const text = await readFile(file, 'utf8');
  await rm(file);
  const found = checksumIn(text, basename(url));
  if (found !== undefined) return found;
  throw new MeshproofError('DOWNLOAD_UNFIT', `${checksums} contains no SHA-256 of ${basename(url)}`);
}

/** Parses the output format of sha256sum: for one file, or one line for each file. */
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
    hint: 'the file was discarded; a proxy or mirror may have altered it, or the release was replaced',
  });
}
