import { variable } from '../fixtures/contract/environment.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { duration } from './format.ts';

/** Without a terminal, a check that has been silent for this long is named. */
const SILENCE_MS = 30_000;

interface Running {
  since: number;
  reportedAt: number;
  /** The current steps, innermost last. */
  steps: string[];
}

type Console = Pick<NodeJS.WriteStream, 'write' | 'columns'> & { isTTY?: boolean };

/**
 * Shows on the console which checks are running, in which step and for how long: in a line that is updated, or every 30 s if output is not
 * a terminal.
 */
export class RunningChecks {
  readonly #checks = new Map<string, Running>();
  readonly #stream: Console;
  readonly #now: () => number;
  readonly #changes: boolean;
  #ticking: NodeJS.Timeout | undefined;
  #drawn = false;

  constructor(stream: Console = process.stderr, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#changes = stream.isTTY === true && variable('CI') === undefined;
  }

  begin(id: string): void {
    const now = this.#now();
    this.#checks.set(id, { since: now, reportedAt: now, steps: [] });
    this.#ticking ??= setInterval(() => this.tick(), 1_000).unref();
  }

  enter(id: string, step: string): void {
    this.#checks.get(id)?.steps.push(step);
  }

  leave(id: string): void {
    this.#checks.get(id)?.steps.pop();
  }

  end(id: string): void {
    this.#checks.delete(id);
    if (this.#checks.size > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.clear();
  }

  /** Erases the updated line, so that others can write. */
  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001B[K');
    this.#drawn = false;
  }

  tick(): void {
    const now = this.#now();
    if (this.#changes) {
      const line = [...this.#checks].map(([id, check]) => inWords(id, check, now)).join(' · ');
      this.#stream.write(`\r\u001B[K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
      this.#drawn = true;
      return;
    }
    for (const [id, check] of this.#checks) {
      if (now - check.reportedAt < SILENCE_MS) continue;
      check.reportedAt = now;
      this.#stream.write(`still running: ${inWords(id, check, now)}\n`);
    }
  }
}

function inWords(id: string, { since, steps }: Running, now: number): string {
  const step = steps.at(-1);
  return printable(`${id} ${duration(now - since)}${step === undefined ? '' : `, ${step}`}`);
}
