import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { EXIT, MeshproofError } from './errors.ts';

/**
 * Makes a folder and the ones that lead to it, one by one from the deepest that is there: below /proc the recursive mkdir of Node never ends.
 * @throws MeshproofError `FOLDER_NOT_MADE` with exit code 2
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const path of missing) {
    await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
      const made = error.code === 'EEXIST' && (await stat(path).catch(() => undefined))?.isDirectory() === true;
      if (made) return;
      throw new MeshproofError('FOLDER_NOT_MADE', `${folder} cannot be made: ${error.message}`, {
        hint: 'name another folder',
        cause: error,
        exitCode: EXIT.usage,
      });
    });
  }
}
