import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { MeshproofError, EXIT } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { archiveTags } from './archive.ts';

/**
 * The archives in a folder, in the format of `docker save`, by their tags.
 * @throws MeshproofError `IMAGES_FOLDER` if the folder cannot be read, or contains a file that is not an image archive
 */
export async function archivesByTag(folder: string, task: TaskContext): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const hint = '--images takes auto, pull, build, or a folder with archives written by `docker save`';
    throw new MeshproofError('IMAGES_FOLDER', `${folder} is not a readable folder`, { cause, hint, exitCode: EXIT.usage });
  });
  const found = new Map<string, string>();
  for (const name of names.filter((name) => name.endsWith('.tar'))) {
    const file = join(folder, name);
    const tags = await archiveTags(file, task).catch((cause: unknown) => {
      throw new MeshproofError('IMAGES_FOLDER', `${file} is not an image archive`, {
        cause,
        hint: 'write it with `docker save`',
        exitCode: EXIT.usage,
      });
    });
    for (const tag of tags) found.set(tag, file);
  }
  return found;
}
