import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { causeOf, EXIT, MeshproofError } from './errors.ts';

/** As much as the smallest of what is written into such a folder. */
const PROBE_BYTES = 65_536;
/** Of the file that shows whether there is room; whoever is killed at once leaves it. */
export const PROBE = 'probe';

/**
 * Makes a new folder for temporary files, whose maker removes it, and sees that there is room in it: what other programs say of a full disk leads nobody to it.
 * @param prefix of its name
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
