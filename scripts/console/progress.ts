import type { Writable } from 'node:stream';

import { variable } from '../../clusters/environment.ts';
import { printable } from '../../clusters/printable.ts';

/** Outside a terminal, a step that takes this long is printed again. */
const AGAIN_MS = 30_000;

const started = new Set<Progress>();

/** Ends every changing line, e.g. after a failed command, so that whatever follows starts on a new line. */
export function endProgress(): void {
  for (const progress of started) progress.pause();
  started.clear();
}

/**
 * Prints the current step to stderr, with the seconds since the start of the command and of the step: in a terminal as one line that
 * changes, elsewhere as one line for each step and for every half minute that it takes.
 */
export interface Progress {
  say: (description: string) => void;
  /** Like `say`, for a state that changes all the time: outside a terminal, it is printed at most every 15 seconds. */
  show: (description: string) => void;
  /** Ends the changing line, so that others can write. `say` starts a new one. */
  pause: () => void;
}

export interface ProgressOptions {
  stream?: Writable & { isTTY?: boolean; columns?: number };
  /** Whether steps are printed outside a terminal; default true. */
  lines?: boolean;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
  everyMs?: number;
}

export function startProgress({
  stream = process.stderr,
  lines = true,
  now = () => performance.now(),
  everyMs = 1_000,
}: ProgressOptions = {}): Progress {
  const began = now();
  const terminal = stream.isTTY === true && variable('CI') === undefined;
  let current = '';
  let since = began;
  let saidAt = began;
  let shownAt = -Infinity;
  let ticking: NodeJS.Timeout | undefined;

  const line = (what: string) => `${seconds(now() - began).padStart(4)} s  ${printable(what)}`;
  const draw = () => {
    const took = now() - since < 2_000 ? '' : ` (${seconds(now() - since)} s)`;
    const width = (stream.columns || 80) - 1 - took.length;
    stream.write(`\r\u001B[K${line(current).slice(0, width)}${took}`);
  };
  const again = () => {
    if (now() - saidAt < AGAIN_MS) return;
    saidAt = now();
    stream.write(`${line(`still: ${current} (${seconds(now() - since)} s)`)}\n`);
  };
  const progress: Progress = {
    say(description) {
      if (description === current) return;
      current = description;
      since = now();
      saidAt = since;
      if (!terminal && !lines) return;
      if (terminal) draw();
      else stream.write(`${line(description)}\n`);
      ticking ??= setInterval(terminal ? draw : again, everyMs).unref();
    },
    show(description) {
      // More often than the last step would be printed again.
      if (!terminal && now() - shownAt < AGAIN_MS / 2) return;
      shownAt = now();
      progress.say(description);
    },
    pause() {
      clearInterval(ticking);
      if (terminal && ticking !== undefined) stream.write('\r\u001B[K');
      ticking = undefined;
      current = '';
    },
  };
  started.add(progress);
  return progress;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(0);
}
