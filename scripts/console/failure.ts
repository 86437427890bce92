import { styleText } from 'node:util';

import { CommanderError } from 'commander';

import { variable } from '../../clusters/environment.ts';
import { EXIT, MeshproofError, causeOf } from '../../clusters/errors.ts';
import { printableLines } from '../../clusters/printable.ts';

/** Says on stderr what went wrong and what to do next, and returns the exit code. */
export function explain(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const known = error instanceof MeshproofError;
  const code = known ? error.code : 'UNEXPECTED';
  const hint = known ? error.hint : 'this is a defect of meshproof; MESHPROOF_DEBUG=1 shows where it happened';
  const red = styleText('red', `error[${code}]`, { stream: process.stderr });
  process.stderr.write(`${red}: ${causeOf(error)}\n`);
  if (hint !== undefined) process.stderr.write(`hint: ${hint}\n`);
  if (variable('MESHPROOF_DEBUG') === '1' && error instanceof Error) process.stderr.write(`${printableLines(error.stack ?? '')}\n`);
  return known ? error.exitCode : EXIT.unproven;
}
