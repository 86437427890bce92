import { MeshproofError } from '../../errors.ts';
import { omitUndefined } from '../../kubernetes/omit-undefined.ts';
import { until } from '../../until.ts';

interface Wait {
  /** Completes the sentence "waited for …". */
  what: string;
  /** What is the matter when the time is up, as it completes "istiod …". */
  lacks: () => string;
  hint: string;
  timeoutMs: number;
  everyMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Waits until a look at istiod finds all as it should be.
 * @throws MeshproofError `TIMED_OUT`, which says what istiod lacks, unless the last look failed, which is its cause then; or the signal's reason
 */
export async function untilIstiod(look: () => Promise<boolean>, { what, lacks, hint, timeoutMs, everyMs, signal }: Wait): Promise<void> {
  await until(look, { what, timeoutMs, everyMs, ...omitUndefined({ signal }) }).catch((error: unknown) => {
    if (!(error instanceof MeshproofError) || error.code !== 'TIMED_OUT' || error.cause !== undefined) throw error;
    throw new MeshproofError('TIMED_OUT', `waited ${timeoutMs / 1000} s, and istiod ${lacks()}`, { cause: error, hint });
  });
}
