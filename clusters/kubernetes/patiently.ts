import { setTimeout as delay } from 'node:timers/promises';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';

/** An API server that restarts or moves is reachable again within this time. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 2_000;

/**
 * Repeats an idempotent action while the API server is temporarily unreachable.
 * @throws the errors of `act`: `API_UNREACHABLE` after the time limit, all others at once
 */
export async function patiently<T>(act: () => Promise<T>, { progress }: Pick<TaskContext, 'progress'> = {}): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const away = error instanceof MeshproofError && error.code === 'API_UNREACHABLE';
      if (!away || performance.now() > deadline) throw error;
      progress?.('waiting for the API server to come back');
      await delay(PAUSE_MS);
    }
  }
}
