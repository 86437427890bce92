/** One line of `doctor`: what was examined, and what to do if it is not in order. */
export interface Finding {
  category: string;
  check: string;
  status: 'ok' | 'warning' | 'failed';
  /** The observation. */
  seen: string;
  hint?: string;
}

/** The result of `answer`, or undefined once the signal aborts, because a program may take a while to terminate. */
export async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const over = Promise.withResolvers<undefined>();
  const end = (): void => over.resolve(undefined);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([answer.catch(() => undefined), over.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** A finding with status ok if `good` is true, or else with status `otherwise` and the hint. */
export function judge(
  { category, check, seen }: Omit<Finding, 'status' | 'hint'>,
  good: boolean,
  otherwise: 'warning' | 'failed',
  hint: string,
): Finding {
  return good ? { category, check, status: 'ok', seen } : { category, check, status: otherwise, seen, hint };
}
