import type { Conformance } from '../fixtures/contract/conformance.ts';

/**
 * What `meshproof test` exits with after a run: 0 when all checks are PASS or UNSUPPORTED, 1 when one is FAIL, 2 when there is no check,
 * 3 when one is INCONCLUSIVE or INVALID or something went wrong outside the checks.
 */
export function exitCodeOf({ run, checks }: Conformance): 0 | 1 | 2 | 3 {
  if (checks.some(({ verdict }) => verdict === 'FAIL')) return 1;
  if (run.errors.length > 0) return 3;
  if (checks.length === 0) return 2;
  return checks.every(({ verdict }) => verdict === 'PASS' || verdict === 'UNSUPPORTED') ? 0 : 3;
}
