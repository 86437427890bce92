/** One line of `doctor`: what was looked at, and what to do when it is not as it should be. */
export interface Finding {
  category: string;
  check: string;
  status: 'ok' | 'warning' | 'failed';
  /** What was seen. */
  seen: string;
  hint?: string;
}

/** What `answer` gives, or undefined once the signal aborts: a program that was told to end may take its time. */
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

/** A finding that is ok where `good` holds, else of the status `otherwise`, and only then with the hint. */
export function judge(
  { category, check, seen }: Omit<Finding, 'status' | 'hint'>,
  good: boolean,
  otherwise: 'warning' | 'failed',
  hint: string,
): Finding {
  return good ? { category, check, status: 'ok', seen } : { category, check, status: otherwise, seen, hint };
}
