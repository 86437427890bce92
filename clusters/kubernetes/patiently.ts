import { setTimeout as delay } from 'node:timers/promises';

import { MeshproofError } from '../errors.ts';
import type { TaskContext } from '../task-context.ts';

/** An API server that is restarted or moved comes back within this. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 2_000;

/**
 * Does again, from its beginning, what must not be left undone only because the API server is away for a while. `act` must be such that
 * doing it twice does no harm.
 * @throws what `act` throws: anything but `API_UNREACHABLE` at once, that one when patience ends
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
