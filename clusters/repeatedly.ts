import { setTimeout as sleep } from 'node:timers/promises';

import { omitUndefined } from './kubernetes/omit-undefined.ts';
import type { TaskContext } from './task-context.ts';

/** How often something is tried, and how long to wait before the next attempt: twice as long each time. */
export interface Patience {
  attempts?: number;
  waitMs?: number;
}

/**
 * Retries an action that may be rejected temporarily, a few times at most.
 * @param isWorthAgain whether the error may be temporary
 * @throws the last error
 */
export async function repeatedly<T>(
  action: () => Promise<T>,
  isWorthAgain: (error: unknown) => boolean,
  { signal, progress }: TaskContext,
  { attempts = 4, waitMs = 2_000 }: Patience = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= attempts || !isWorthAgain(error)) throw error;
      const pause = waitMs * 2 ** (attempt - 1);
      progress?.(`trying again in ${pause / 1_000} s`);
      await sleep(pause, undefined, omitUndefined({ signal }));
    }
  }
}
