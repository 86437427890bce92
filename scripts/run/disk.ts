import { readHost } from '../../clusters/engine/host.ts';
import { MeshproofError } from '../../clusters/errors.ts';
import { cacheFolder } from '../../clusters/paths.ts';

const GIB = 2 ** 30;
/** Bytes that a node and its containers write if the images exist already. With less, a cluster fails halfway with obscure errors. */
export const LEAST_DISK = 3 * GIB;

export const inGib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

/** @throws MeshproofError `NO_DISK` if the cache folder's file system is too full for a cluster */
export async function requireDisk(): Promise<void> {
  const { diskFreeBytes } = await readHost();
  if (diskFreeBytes >= LEAST_DISK) return;
  throw new MeshproofError('NO_DISK', `${inGib(diskFreeBytes)} free at ${cacheFolder()}, but a cluster needs ${inGib(LEAST_DISK)}`, {
    hint: 'free some space, or set MESHPROOF_CACHE to another folder',
  });
}
