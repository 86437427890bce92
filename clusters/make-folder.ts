import { causeOf, EXIT, MeshproofError } from './errors.ts';
import { makeFolder as make } from './files.ts';

/**
 * Makes a folder that a user has named, and the ones that lead to it.
 * @throws MeshproofError `FOLDER_NOT_MADE` with exit code 2
 */
export async function makeFolder(folder: string): Promise<void> {
  await make(folder).catch((cause: unknown) => {
    throw new MeshproofError('FOLDER_NOT_MADE', `${folder} could not be created: ${causeOf(cause)}`, {
      hint: 'name another folder',
      cause,
      exitCode: EXIT.usage,
    });
  });
}
