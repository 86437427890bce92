import { EXIT, MeshproofError } from '../../clusters/errors.ts';

/** npm forwards a terminal's Ctrl-C to a process that has already received it, so two signals this close together count as one. */
const ONE_KEYSTROKE_MS = 1_000;
/** Number of times to press Ctrl-C: the first starts the clean-up, the second prints that it takes a while, the third exits. */
const TIMES_TO_LEAVE = 3;

/**
 * Aborts the returned signal at the first SIGINT, SIGTERM or SIGHUP, or when the output is closed, with an error of exit code 130 as its
 * reason. The clean-up continues whatever happens then: CI systems send SIGTERM seconds after SIGINT, and a terminal that closes takes the
 * output with it. Only a third Ctrl-C exits at once, which leaves what `meshproof sweep` removes.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let last = 0;
  let asked = 0;
  const interrupt = (why: string, how: string) => {
    if (controller.signal.aborted) return;
    process.stderr.write(`\n${why}: cleaning up\n`);
    controller.abort(new MeshproofError('INTERRUPTED', `interrupted ${how}`, { exitCode: EXIT.interrupted }));
  };
  const ask = () => {
    const now = performance.now();
    if (asked > 0 && now - last < ONE_KEYSTROKE_MS) return;
    last = now;
    asked++;
    if (asked === 1) return interrupt('interrupted', 'by SIGINT');
    if (asked < TIMES_TO_LEAVE) return void process.stderr.write('\nstill cleaning up (press Ctrl-C again to quit at once)\n');
    process.stderr.write('\nquit before everything was cleaned up; `npx meshproof sweep` removes the rest\n');
    process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', () => interrupt('terminated', 'by SIGTERM'));
  process.on('SIGHUP', () => interrupt('the terminal was closed', 'by SIGHUP'));
  // An unhandled stream error would end the process in the middle of its work.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EPIPE' ? 'the output is no longer read' : `the output cannot be written (${code})`;
      interrupt(why, `because ${why}`);
    });
  }
  return controller.signal;
}
