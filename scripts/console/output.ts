import { EXIT } from '../../clusters/errors.ts';

/**
 * Outlives errors of the output, without which a reader that goes away would end the process in the middle of whatever it does. That is nothing
 * to speak of; output that is lost otherwise, as on a full disk, is.
 * @returns what ends the output: it says on stderr what was lost, and then leaves exit code 3 where all else went well
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
    // An error arrives after the write that failed.
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.write('', resolve))));
    await new Promise(setImmediate);
    if (lost === undefined) return;
    process.stderr.write(
      `error[OUTPUT_LOST]: the output could not be written: ${lost.message}\nhint: check where the output is redirected to\n`,
    );
    process.exitCode ||= EXIT.unproven;
  };
}
