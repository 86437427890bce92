import { MeshproofError } from '../../errors.ts';
import { omitUndefined } from '../../kubernetes/omit-undefined.ts';
import { until } from '../../until.ts';

interface Wait {
  /** Completes the sentence "waited for …". */
  what: string;
  /** What was missing at the timeout, as the completion of "istiod …". */
  lacks: () => string;
  hint: string;
  timeoutMs: number;
  everyMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Polls istiod until everything is as it should be.
 * @throws MeshproofError `TIMED_OUT`, which says what istiod lacks, with the error of the last poll as its cause if it failed; or the
 * signal's reason
 */
export async function untilIstiod(look: () => Promise<boolean>, { what, lacks, hint, timeoutMs, everyMs, signal }: Wait): Promise<void> {
  await until(look, { what, timeoutMs, everyMs, ...omitUndefined({ signal }) }).catch((error: unknown) => {
    if (!(error instanceof MeshproofError) || error.code !== 'TIMED_OUT' || error.cause !== undefined) throw error;
    throw new MeshproofError('TIMED_OUT', `waited ${timeoutMs / 1000} s, and istiod ${lacks()}`, { cause: error, hint });
  });
}
