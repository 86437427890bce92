import type { Writable } from 'node:stream';

/** Says on stderr what is being done, with the seconds since it began: one line that changes in a terminal, one line a step elsewhere. */
export interface Progress {
  say: (doing: string) => void;
  /** Ends the changing line, so that others may write. `say` begins a new one. */
  pause: () => void;
}

export interface ProgressOptions {
  stream?: Writable & { isTTY?: boolean; columns?: number };
  /** Whether steps are said where there is no terminal; default true. */
  lines?: boolean;
}

export function startProgress({ stream = process.stderr, lines = true }: ProgressOptions = {}): Progress {
  const began = performance.now();
  const terminal = stream.isTTY === true && process.env['CI'] === undefined;
  let current = '';
  let ticking: NodeJS.Timeout | undefined;

  const line = () => `${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${current}`;
  const draw = () => stream.write(`\r\u001B[K${line().slice(0, (stream.columns || 80) - 1)}`);
  return {
    say(doing) {
      if (doing === current) return;
      current = doing;
      if (terminal) {
        draw();
        ticking ??= setInterval(draw, 1000).unref();
      } else if (lines) stream.write(`${line()}\n`);
    },
    pause() {
      clearInterval(ticking);
      if (terminal && ticking !== undefined) stream.write('\r\u001B[K');
      ticking = undefined;
      current = '';
    },
  };
}
