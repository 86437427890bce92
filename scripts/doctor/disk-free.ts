import { statfs } from 'node:fs/promises';

/** Bytes available to this user on a folder's file system; undefined if that cannot be read. */
export async function diskFreeAt(folder: string): Promise<number | undefined> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
}
