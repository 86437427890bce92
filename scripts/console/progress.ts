import type { Writable } from 'node:stream';

import { variable } from '../../clusters/environment.ts';
import { printable } from '../../clusters/printable.ts';

/** Where lines stay, a step that takes so long is said again. */
const AGAIN_MS = 30_000;

const started = new Set<Progress>();

/** Ends whatever line still changes, as of a command that failed: what follows begins a line of its own. */
export function endProgress(): void {
  for (const progress of started) progress.pause();
  started.clear();
}

/**
 * Says on stderr what is being done or waited for, with the seconds since all of it began and those of the step: one line that changes in a terminal;
 * elsewhere one line a step, and one more for every half minute that it takes.
 */
export interface Progress {
  say: (description: string) => void;
  /** Ends the changing line, so that others may write. `say` begins a new one. */
  pause: () => void;
}

export interface ProgressOptions {
  stream?: Writable & { isTTY?: boolean; columns?: number };
  /** Whether steps are said where there is no terminal; default true. */
  lines?: boolean;
  /** Milliseconds of a clock that never goes back. */
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
