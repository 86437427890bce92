import { statfs } from 'node:fs/promises';

/** Bytes free for us on the file system of a folder; undefined where it cannot be read. */
export async function diskFreeAt(folder: string): Promise<number | undefined> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
}
