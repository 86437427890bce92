import { setTimeout as delay } from 'node:timers/promises';

import { MeshproofError, causeOf } from './errors.ts';

export interface UntilOptions {
  /** What is waited for, as the completion of "waited for …". */
  what: string;
  /** Milliseconds after which waiting fails. */
  timeoutMs: number;
  /** Interval between two polls in milliseconds; default 100. */
  everyMs?: number;
  signal?: AbortSignal;
}

/**
 * Polls until `look` returns something other than undefined or false, and returns that. An error thrown by `look` counts as "not yet", and
 * is the cause of the timeout error.
 * @throws MeshproofError with code `TIMED_OUT`, or the signal's reason
 */
export async function until<T>(
  look: (signal: AbortSignal | undefined) => Promise<T | undefined | false> | T | undefined | false,
  { what, timeoutMs, everyMs = 100, signal }: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const seen = await look(signal);
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    const left = deadline - performance.now();
    if (left <= 0) {
      const because = last === undefined ? '' : `: ${causeOf(last)}`;
      throw new MeshproofError('TIMED_OUT', `waited ${timeoutMs / 1000} s for ${what}${because}`, { cause: last });
    }
    // The timer's own AbortError carries no information; the next check of the signal throws its reason.
    await delay(Math.min(everyMs, left), undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}
