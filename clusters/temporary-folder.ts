import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { causeOf, EXIT, MeshproofError } from './errors.ts';

/** The size of the smallest file that is written to such a folder. */
const PROBE_BYTES = 65_536;
/** A file that shows whether there is space; a process that is killed at that moment leaves it behind. */
export const PROBE = 'probe';

/**
 * Creates a folder for temporary files, which the caller must remove, and verifies that there is space in it, because the error messages of
 * other programs about a full disk would not lead to it.
 * @param prefix prefix of its name
 * @throws MeshproofError `TEMPORARY_FOLDER_UNUSABLE` with exit code 2
 */
export async function temporaryFolder(prefix: string): Promise<string> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), prefix));
    const probe = join(folder, PROBE);
    await writeFile(probe, Buffer.alloc(PROBE_BYTES));
    await rm(probe);
    return folder;
  } catch (cause) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    throw new MeshproofError('TEMPORARY_FOLDER_UNUSABLE', `nothing can be written to ${tmpdir()}: ${causeOf(cause)}`, {
      hint: 'make room there, or set TMPDIR to another folder',
      cause,
      exitCode: EXIT.usage,
    });
  }
}
