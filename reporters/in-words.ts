import { stripVTControlCharacters } from 'node:util';

import type { CheckResult, Statistic } from '../fixtures/results/result.ts';

/** Text without escape sequences, other control characters and line breaks: a title must not be able to move the cursor or end a line. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** A duration for people: `0.42 s`, `12.3 s`, `4 min 05 s`. */
export function duration(milliseconds: number): string {
  const total = milliseconds / 1000;
  if (total < 10) return `${total.toFixed(2)} s`;
  if (total < 60) return `${total.toFixed(1)} s`;
  const whole = Math.round(total);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** A statistical claim in one line: what was seen, what was promised, and how sure that is. */
export function claim({ name, n, observed, expected, tolerance, interval, alpha, power, method }: Statistic): string {
  const [low, high] = interval;
  const seen = `${name}: ${short(observed)} of n = ${n}, interval ${short(low)} to ${short(high)}`;
  return `${seen}, promised ${short(expected)} ± ${short(tolerance)}, α = ${short(alpha)}, power ${short(power)} (${method})`;
}

/** How sure a verdict is, a line each: what its control showed, and the error rates of its samples. */
export function confidence(check: CheckResult): string[] {
  const because = check.controlBecause === '' ? '' : ` (${check.controlBecause})`;
  const control = {
    red: `control red: the check was seen to fail first${because}`,
    green: `control green: the check did not fail although it had to${because}`,
    skipped: 'control skipped: the check was not seen to fail',
  };
  return [control[check.control], ...check.statistics.map((statistic) => claim(statistic))];
}

/** `3 of 4`: how many checks were seen to fail under their control, of those that the mesh supports. */
export function seenToFail(checks: readonly CheckResult[]): string {
  const supported = checks.filter(({ verdict }) => verdict !== 'UNSUPPORTED');
  return `${supported.filter(({ control }) => control === 'red').length} of ${supported.length}`;
}

/** The sentence that every report begins with: what its verdicts are worth. */
export function worth(checks: readonly CheckResult[]): string {
  const seen = seenToFail(checks);
  const warning = seen.startsWith('0 of ') && seen !== '0 of 0' ? ': nothing here is proven able to fail' : '';
  const unsupported = checks.filter(({ verdict }) => verdict === 'UNSUPPORTED').length;
  const apart = unsupported === 0 ? '' : `; ${unsupported} unsupported by design`;
  return `${seen} checks ${seen.startsWith('1 of ') ? 'was' : 'were'} seen to fail first${warning}${apart}`;
}

/** The counts of the closing line: PASS, UNSUPPORTED, and all others as failed. */
export function closingLine(checks: readonly CheckResult[]): string {
  const passed = checks.filter(({ verdict }) => verdict === 'PASS').length;
  const skipped = checks.filter(({ verdict }) => verdict === 'UNSUPPORTED').length;
  return `${passed} passed, ${checks.length - passed - skipped} failed, ${skipped} skipped`;
}

function short(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return rounded !== 0 && Math.abs(rounded) < 0.001 ? rounded.toExponential() : String(rounded);
}
