import { causeOf, EXIT, MeshproofError } from './errors.ts';
import { makeFolder as make } from './files.ts';

/**
 * Creates a folder that a user has named, and its parents.
 * @throws MeshproofError `FOLDER_NOT_MADE` with exit code 2
 */
export async function makeFolder(folder: string): Promise<void> {
  await make(folder).catch((cause: unknown) => {
    throw folderNotMade(folder, cause);
  });
}

/** The error about a folder, named by a user, that cannot be created or written. */
export function folderNotMade(folder: string, cause: unknown): MeshproofError {
  return new MeshproofError('FOLDER_NOT_MADE', `${folder} could not be created: ${causeOf(cause)}`, {
    hint: 'name another folder',
    cause,
    exitCode: EXIT.usage,
  });
}
