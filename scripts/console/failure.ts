import { styleText } from 'node:util';

import { CommanderError } from 'commander';

import { variable } from '../../clusters/environment.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import { printableLines } from '../../clusters/printable.ts';

/** Prints to stderr what went wrong and what to do next, and returns the exit code. */
export function explain(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const known = error instanceof MeshproofError ? error : ofTheDisk(error);
  const { code, hint, exitCode } = known ?? { code: 'UNEXPECTED', hint: DEFECT, exitCode: EXIT.unproven };
  const red = styleText('red', `error[${code}]`, { stream: process.stderr });
  process.stderr.write(`${red}: ${causeOf(error)}\n`);
  if (hint !== undefined) process.stderr.write(`hint: ${hint}\n`);
  if (variable('MESHPROOF_DEBUG') === '1' && error instanceof Error) process.stderr.write(`${printableLines(error.stack ?? '')}\n`);
  return exitCode;
}

const DEFECT = 'this is a bug in meshproof; MESHPROOF_DEBUG=1 shows where it happened';

/** A full disk, missing file permissions and impossible paths can affect any step. */
function ofTheDisk(error: unknown): MeshproofError | undefined {
  const { code = '', path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MeshproofError('DISK_FULL', causeOf(error), {
      hint: 'free some space there; npx meshproof doctor shows the folders and their free space',
      cause: error,
    });
  if (path !== undefined && ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(code))
    return new MeshproofError('FILE_REFUSED', causeOf(error), {
      hint: code === 'ENAMETOOLONG' ? 'use a folder with a shorter path' : 'fix its permissions, or use another folder',
      cause: error,
    });
  return undefined;
}
