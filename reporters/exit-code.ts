import type { Conformance } from '../fixtures/contract/conformance.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';

/**
 * The exit code of `meshproof test` after a run: 0 if all checks are PASS or UNSUPPORTED, 1 if one is FAIL, 2 if there is no check, 3 if
 * one is INCONCLUSIVE or INVALID or an error occurred outside the checks.
 */
export function exitCodeOf({ run, checks }: Conformance): 0 | 1 | 2 | 3 {
  if (checks.some(({ verdict }) => verdict === 'FAIL')) return 1;
  if (run.errors.length > 0) return 3;
  if (checks.length === 0) return 2;
  return checks.every(isSuccess) ? 0 : 3;
}
