import { readHost } from '../../clusters/engine/host.ts';
import { MeshproofError } from '../../clusters/errors.ts';
import { cacheFolder } from '../../clusters/paths.ts';
import { assertWritable } from '../../clusters/writable.ts';

const GIB = 2 ** 30;
/** Bytes that a node and its containers write if the images exist already. With less, a cluster fails halfway with obscure errors. */
export const LEAST_DISK = 3 * GIB;

export const inGib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

/**
 * Ensures that a cluster can be created with this cache. Otherwise that would show only after images have been pulled.
 * @throws MeshproofError `NO_DISK` if the cache folder's file system is too full for a cluster, or the system's error if this user cannot
 * write to the folder
 */
export async function requireDisk(): Promise<void> {
  const { diskFreeBytes } = await readHost();
  if (diskFreeBytes >= LEAST_DISK) return await assertWritable(cacheFolder());
  throw new MeshproofError('NO_DISK', `${inGib(diskFreeBytes)} free at ${cacheFolder()}, but a cluster needs ${inGib(LEAST_DISK)}`, {
    hint: 'free some space, or set MESHPROOF_CACHE to another folder',
  });
}
