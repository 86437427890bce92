import { EXIT, MeshproofError } from '../../clusters/errors.ts';

/** npm hands a terminal's Ctrl-C on to a process that already had it, so two signals this close together are one. */
const ONE_KEYSTROKE_MS = 1_000;

/**
 * Aborts the returned signal at the first SIGINT, SIGTERM or SIGHUP, with an error of exit code 130 as its reason.
 * The second ends the process at once, which leaves what `meshproof sweep` removes.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    if (!controller.signal.aborted) {
      first = performance.now();
      process.stderr.write('\ninterrupted: cleaning up (once more to leave at once)\n');
      controller.abort(new MeshproofError('INTERRUPTED', 'interrupted before the end', { exitCode: EXIT.interrupted }));
    } else if (performance.now() - first > ONE_KEYSTROKE_MS) {
      process.stderr.write('\nleft at once; `npx meshproof sweep` removes what is still there\n');
      process.exit(EXIT.interrupted);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  return controller.signal;
}
