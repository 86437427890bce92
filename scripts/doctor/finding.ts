/** One line of `doctor`: what was looked at, and what to do when it is not as it should be. */
export interface Finding {
  category: string;
  check: string;
  status: 'ok' | 'warning' | 'failed';
  /** What was seen. */
  seen: string;
  hint?: string;
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
