import { causeOf } from '../errors.ts';
import { printableLines } from '../printable.ts';

/** Diagnostics of a failure: file name → text. A file that could not be read contains the reason. */
export class DiagnosticFiles {
  readonly texts: Record<string, string> = {};

  /** Never throws. */
  async keep(file: string, read: () => Promise<string>): Promise<void> {
    this.texts[file] = await read().then(printableLines, (error: unknown) => `not available: ${causeOf(error)}\n`);
  }
}
