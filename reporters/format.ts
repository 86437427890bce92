import type { Against, Conformance } from '../fixtures/contract/conformance.ts';
import type { Finding } from '../fixtures/contract/finding.ts';
import { quantity } from '../fixtures/contract/quantity.ts';
import type { CheckResult, Statistic, Warning } from '../fixtures/contract/result.ts';
import type { Facts } from '../fixtures/contract/run.ts';
import { isSuccess } from '../fixtures/contract/verdict.ts';
import { URGENT_FIRST } from './transitions.ts';
import { versionsText } from './versions.ts';

/** A chat message or a line of a summary has no room for a complete diff. */
const MOST_LETTERS = 240;

/** Truncates a line to 240 characters, with `…` at its end. */
export function clipped(line: string): string {
  return line.length <= MOST_LETTERS ? line : `${line.slice(0, MOST_LETTERS - 1)}…`;
}

/** The checks that are FAIL, INVALID or INCONCLUSIVE, in their order. */
export function notPassed(checks: readonly CheckResult[]): CheckResult[] {
  return checks.filter((check) => !isSuccess(check));
}

/** What distinguishes runs of a check. */
interface RunOfCheck {
  id: string;
  under?: string | undefined;
  versions?: Facts | undefined;
  repetition?: number | undefined;
}

/** The ID of a check, with the fault and the versions that it ran under, and the number of the repetition. */
export function idOf({ id, under, versions, repetition }: RunOfCheck): string {
  const beneath = under === undefined ? id : `${id} under ${under}`;
  const on = versions === undefined ? beneath : `${beneath} with ${versionsText(versions)}`;
  return repetition === undefined ? on : `${on} (repetition ${repetition})`;
}

/** A duration for people: `0.42 s`, `12.3 s`, `4 min 05 s`. */
export function duration(milliseconds: number): string {
  const total = milliseconds / 1000;
  if (total < 10) return `${total.toFixed(2)} s`;
  if (total < 60) return `${total.toFixed(1)} s`;
  const whole = Math.round(total);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** A statistical claim in one line: what was observed, what was expected, and the error rates. */
export function claim({ name, unit, n, observed, expected, tolerance, interval, alpha, power, method }: Statistic): string {
  const [low, high] = interval;
  const [seen, wanted] =
    unit === undefined
      ? [`${short(observed)} of n = ${n}`, `${short(expected)} ± ${short(tolerance)}`]
      : [`median ${short(observed)} ${unit} of n = ${n}`, `at most ${short(expected + tolerance)} ${unit}`];
  const said = `${name}: ${seen}, interval ${short(low)} to ${short(high)}, expected ${wanted}`;
  return `${said}, α = ${short(alpha)}, power ${short(power)} (${method})`;
}

/** How certain a verdict is, one line each: the outcome of its control, how many assertions failed under it, and the error rates. */
export function confidence(check: CheckResult): string[] {
  const because = check.controlBecause === '' ? '' : ` (${check.controlBecause})`;
  const control = {
    red: `control red: the check failed under its control${because}`,
    green: `control green: the check did not fail under its control${because}`,
    inconclusive: `control inconclusive: it is unknown whether the check fails under its control${because}`,
    skipped: 'control skipped: it is unknown whether the check can fail',
  };
  const seen = seenRed([check]);
  return [
    control[check.control],
    ...(seen === '' ? [] : [`${seen} assertions failed under the control`]),
    ...check.statistics.map((statistic) => claim(statistic)),
  ];
}

/** `3 of 4`: how many of the supported checks failed under their control. */
function seenToFail(checks: readonly CheckResult[]): string {
  const supported = checks.filter(({ verdict }) => verdict !== 'UNSUPPORTED');
  return `${supported.filter(({ control }) => control === 'red').length} of ${supported.length}`;
}

/** `7 of 11`: how many assertions failed under their control; empty if none was evaluated. */
export function seenRed(checks: readonly CheckResult[]): string {
  const places = checks.flatMap(({ judgements = [] }) => judgements);
  const sum = (key: 'judged' | 'red'): number => places.reduce((total, place) => total + place[key], 0);
  return places.length === 0 ? '' : `${sum('red')} of ${sum('judged')}`;
}

/** The assertions that did not fail under their control: `toSucceed in line 24`, `toReachOnly in line 12 (5 of 7)`. */
export function unprovenAssertions({ control, judgements = [] }: CheckResult): string[] {
  if (control !== 'red') return [];
  return judgements
    .filter(({ judged, red }) => red < judged)
    .map(({ matcher, line, judged, red }) => `${matcher} in line ${line}${judged === 1 ? '' : ` (${judged - red} of ${judged})`}`);
}

/** The first sentence of every report: what its verdicts are worth. */
export function headline(checks: readonly CheckResult[]): string {
  const seen = seenToFail(checks);
  const warning = seen.startsWith('0 of ') && seen !== '0 of 0' ? ': a PASS here proves nothing' : '';
  const unsupported = checks.filter(({ verdict }) => verdict === 'UNSUPPORTED').length;
  const apart = unsupported === 0 ? '' : `; ${unsupported} unsupported by design`;
  const judgements = seenRed(checks);
  return `${seen} checks proven able to fail${warning}${apart}${judgements === '' ? '' : `; ${judgements} assertions failed under a control`}`;
}

/** The counts of the closing line: PASS, UNSUPPORTED, and all others as failed. */
export function closingLine(checks: readonly CheckResult[]): string {
  const passed = checks.filter(({ verdict }) => verdict === 'PASS').length;
  const skipped = checks.filter(({ verdict }) => verdict === 'UNSUPPORTED').length;
  return `${passed} passed, ${checks.length - passed - skipped} failed, ${skipped} skipped`;
}

/** Where the checks ran, as far as known: `cluster: c, context staging at https://10.1.2.3:6443`. Empty if the context is unknown. */
export function whereRun({ environment }: Conformance['run']): string[] {
  const { cluster, context, server } = environment;
  if (context === undefined) return [];
  return [`cluster: ${[cluster, `context ${context}${server === undefined ? '' : ` at ${server}`}`].filter(Boolean).join(', ')}`];
}

/** Configuration that was accepted but does not, or not fully, take effect: `DestinationRule server (control): …`. */
export function warning({ phase, object, said }: Warning): string {
  return `${object}${phase === 'check' ? '' : ` (${phase})`}: ${said}`;
}

/** The warnings of a check without duplicates: those of the control are omitted if the real manifest causes them too. */
export function warningsOf({ warnings = [] }: CheckResult): string[] {
  const ofCheck = new Set(warnings.filter(({ phase }) => phase === 'check').map((one) => `${one.object} ${one.said}`));
  return warnings.filter(({ phase, object, said }) => phase === 'check' || !ofCheck.has(`${object} ${said}`)).map((one) => warning(one));
}

/** A finding in one line. */
export function findingLine({ matcher, expected, observed, confidence: certainty }: Finding): string {
  return `${matcher}: expected: ${expected}; observed: ${observed}; confidence: ${certainty}`;
}

/** Why a check did not pass, in one line: its reason, and what was expected and observed if it has a finding. */
export function whyNot({ reason, finding }: Pick<CheckResult, 'reason' | 'finding'>): string {
  return finding === undefined ? reason : `${reason}: expected: ${finding.expected}; observed: ${finding.observed}`;
}

/** What this report does not cover, one line each; empty if it is complete. */
export function omissions({ notChosen = [], planned = [] }: Conformance): string[] {
  const byMesh = [...Map.groupBy(planned, ({ mesh }) => mesh)].map(([mesh, rows]) => `${rows.length} for ${mesh}`);
  // Each version has its own row.
  const omitted = new Set(notChosen.map(({ id, mesh }) => `${id} ${mesh}`)).size;
  return [
    ...(omitted === 0 ? [] : [`${quantity(omitted, 'check')} not selected for this run; --suite=all selects every check`]),
    ...(byMesh.length === 0 ? [] : [`${quantity(planned.length, 'behaviour')} not tested yet: ${byMesh.join(', ')}`]),
  ];
}

/** `1 regressed, 2 fixed since run 3f9a0c1d of 2026-01-02`, or that nothing changed. */
export function transitionSummary({ id, startedAt, changes }: Against): string {
  const counts = URGENT_FIRST.map((change) => [changes.filter((one) => one.change === change).length, change] as const);
  const named = counts.filter(([count]) => count > 0).map(([count, change]) => `${count} ${change}`);
  return `${named.length === 0 ? 'nothing changed' : named.join(', ')} since run ${id} of ${startedAt.slice(0, 10)}`;
}

function short(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return rounded !== 0 && Math.abs(rounded) < 0.001 ? rounded.toExponential() : String(rounded);
}
