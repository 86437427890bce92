import { lstat, mkdtemp, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Sees that a folder can be written, or be made where it is not there yet. The system alone knows, so a folder is made in it, or in the nearest one
 * above that is there, and removed again.
 * @throws what the system says where it cannot
 */
export async function assertWritable(folder: string): Promise<void> {
  let place = folder;
  while (dirname(place) !== place && (await lstat(place).catch(() => undefined)) === undefined) place = dirname(place);
  await rmdir(await mkdtemp(join(place, '.meshproof-')));
}
