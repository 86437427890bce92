import { causeOf } from '../errors.ts';
import { printableLines } from '../printable.ts';

/** What helps to understand a failure: file name → text. What could not be had says why in its place. */
export class DiagnosticFiles {
  readonly texts: Record<string, string> = {};

  /** Never throws. */
  async keep(file: string, read: () => Promise<string>): Promise<void> {
    this.texts[file] = await read().then(printableLines, (error: unknown) => `not available: ${causeOf(error)}\n`);
  }
}
