import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { causeOf, EXIT, MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';
import { archiveTags } from './archive.ts';

/** Whether a source of images is a folder, and not `auto`, `pull` or `build`. */
export const isFolder = (source: string): boolean => !['auto', 'pull', 'build'].includes(source);

/**
 * The archives in a folder, in the format of `docker save`, by their tags.
 * @throws MeshproofError `IMAGES_FOLDER` if the folder cannot be read, contains no image, or a file that is not an image archive
 */
export async function archivesByTag(folder: string, task: TaskContext): Promise<Map<string, string>> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const hint = '--images takes auto, pull, build, or a folder with archives written by `docker save`';
    throw new MeshproofError('IMAGES_FOLDER', `${folder} is not a readable folder`, { cause, hint, exitCode: EXIT.usage });
  });
  const found = new Map<string, string>();
  for (const name of names.filter((name) => name.endsWith('.tar'))) {
    const file = join(folder, name);
    for (const tag of await tagsIn(file, task)) found.set(tag, file);
  }
  if (found.size > 0) return found;
  throw new MeshproofError('IMAGES_FOLDER', `${folder} contains no image: no *.tar file in it has one with a name`, {
    hint: 'write the folder with npx meshproof images save; --images=build builds everything',
    exitCode: EXIT.usage,
  });
}

/**
 * The tags of an archive.
 * @throws MeshproofError `IMAGES_FOLDER` with the system's reason if the file cannot be read, or if it is not an image archive
 */
async function tagsIn(file: string, task: TaskContext): Promise<string[]> {
  const refuse = (why: string, hint: string, cause: unknown) =>
    new MeshproofError('IMAGES_FOLDER', `${file} ${why}`, { cause, hint, exitCode: EXIT.usage });
  // Whatever keeps tar from reading it, it only says that it failed.
  await open(file).then(
    (handle) => handle.close(),
    (cause: unknown) => {
      throw refuse(`cannot be read: ${causeOf(cause)}`, 'fix its permissions, or remove it from the folder', cause);
    },
  );
  return await archiveTags(file, task).catch((cause: unknown) => {
    task.signal?.throwIfAborted();
    if (cause instanceof MeshproofError && cause.code !== 'COMMAND_FAILED') throw cause;
    throw refuse('is not an image archive', 'write it with `docker save`', cause);
  });
}
