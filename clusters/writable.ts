import { lstat, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Verifies that a folder can be written, or created if it does not exist. Only the system knows, so a folder is created in it, or in its
 * nearest existing parent, and removed again.
 * @throws the system's error if that fails
 */
export async function assertWritable(folder: string): Promise<void> {
  let place = folder;
  while (dirname(place) !== place && (await lstat(place).catch(() => undefined)) === undefined) place = dirname(place);
  await rmdir(await mkdtemp(join(place, '.meshproof-')));
}
