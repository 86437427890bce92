import { EXIT } from '../../clusters/errors.ts';

/**
 * Survives errors of the output streams, which would end the process in the middle of its work. A reader that goes away is ignored; any
 * other lost output, e.g. on a full disk, is reported.
 * @returns a function that ends the output: it prints what was lost to stderr, and sets exit code 3 if everything else succeeded
 */
export function outliveOutput(): () => Promise<void> {
  let lost: NodeJS.ErrnoException | undefined;
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') lost ??= error;
    });
  }
  return async () => {
    // An error arrives after the failed write.
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.write('', resolve))));
    await new Promise(setImmediate);
    if (lost === undefined) return;
    process.stderr.write(
      `error[OUTPUT_LOST]: the output could not be written: ${lost.message}\nhint: check where the output is redirected to\n`,
    );
    process.exitCode ||= EXIT.unproven;
  };
}
