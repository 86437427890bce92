import { EXIT, MeshproofError } from '../../clusters/errors.ts';

/** npm hands a terminal's Ctrl-C on to a process that already had it, so two signals this close together are one. */
const ONE_KEYSTROKE_MS = 1_000;
/** So many times a person must ask: the first begins the clean-up, the second says that it takes a while, the third leaves. */
const TIMES_TO_LEAVE = 3;

/**
 * Aborts the returned signal at the first SIGINT, SIGTERM or SIGHUP, or when the output is no longer read, with an error of exit code
 * 130 as its reason. Cleaning up goes on whatever comes then: CI systems send SIGTERM seconds after SIGINT, and a terminal that closes takes the
 * output with it. Only a third Ctrl-C ends the process at once, which leaves what `meshproof sweep` removes.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let last = 0;
  let asked = 0;
  const interrupt = (why: string) => {
    if (controller.signal.aborted) return;
    process.stderr.write(`\n${why}: cleaning up\n`);
    controller.abort(new MeshproofError('INTERRUPTED', 'interrupted before the end', { exitCode: EXIT.interrupted }));
  };
  const ask = () => {
    const now = performance.now();
    if (asked > 0 && now - last < ONE_KEYSTROKE_MS) return;
    last = now;
    asked++;
    if (asked === 1) return interrupt('interrupted');
    if (asked < TIMES_TO_LEAVE) return void process.stderr.write('\nstill cleaning up (press Ctrl-C again to quit at once)\n');
    process.stderr.write('\nquit before everything was cleaned up; `npx meshproof sweep` removes the rest\n');
    process.exit(EXIT.interrupted);
  };
  process.on('SIGINT', ask);
  process.on('SIGTERM', () => interrupt('terminated'));
  process.on('SIGHUP', () => interrupt('the terminal was closed'));
  // An error of a stream that nobody listens to would end the process in the middle of whatever it does.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) =>
      interrupt(code === 'EPIPE' ? 'the output is no longer read' : `the output cannot be written (${code})`),
    );
  }
  return controller.signal;
}
