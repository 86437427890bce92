import { styleText } from 'node:util';

import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { CheckResult, Kept, Verdict } from '../fixtures/contract/result.ts';
import type { ConsoleState } from '../fixtures/contract/settings.ts';
import { printable } from '../fixtures/contract/printable.ts';
import {
  clipped,
  closingLine,
  confidence,
  duration,
  headline,
  idOf,
  notPassed,
  omissions,
  transitionSummary,
  warningsOf,
  whereRun,
  whyNot,
} from './format.ts';
import { shortForm } from './short-form.ts';

const COLOUR = { PASS: 'green', FAIL: 'red', INCONCLUSIVE: 'yellow', UNSUPPORTED: 'gray', INVALID: 'magenta' } as const satisfies Record<
  Verdict,
  string
>;

/** The paths of what a check left, as they are printed. */
export interface Traces {
  evidence: string[];
  /** The folder with manifests, logs and proxy state; undefined if there is none. */
  diagnostics: string | undefined;
}

/** The console lines for a finished check: one for PASS; for any other verdict, also what is needed to understand it. */
export function checkLines(check: CheckResult, traces: Traces, stream: NodeJS.WriteStream): string[] {
  const { verdict, durationMs, control, mesh } = check;
  const word = styleText(COLOUR[verdict], verdict.padEnd(12), { stream });
  const red = verdict === 'UNSUPPORTED' ? '' : `  control ${control}`;
  const head = `${word} ${printable(idOf(check))} (${printable(mesh)})  ${duration(durationMs)}${red}`;
  const warned = warningsOf(check).map((text) => fact('warning', text, stream));
  if (verdict === 'PASS') return [head, ...warned];
  if (verdict === 'UNSUPPORTED') return [head, fact('reason', check.reason, stream)];
  const { finding } = check;
  return [
    head,
    fact('promise', check.title, stream),
    ...(finding === undefined ? [] : [fact('expected', finding.expected, stream), fact('observed', finding.observed, stream)]),
    fact('reason', check.reason, stream),
    ...[...(finding === undefined ? [] : [finding.confidence]), ...confidence(check)].map((line) => fact('confidence', line, stream)),
    ...warned,
    ...traces.evidence.map((path) => fact('evidence', path, stream)),
    ...(traces.diagnostics === undefined ? [] : [fact('diagnostics', traces.diagnostics, stream)]),
    fact('rerun', check.rerun, stream),
    ...keptLines(check.kept, stream),
  ];
}

/** The lines at the end of a run. The last one has only the counts, for scripts. */
export function endLines(conformance: Conformance, report: string, state: ConsoleState): string[] {
  const { run, checks, against } = conformance;
  if (state === 'short') return [...shortForm(conformance), closingLine(checks)];
  const worse = against?.changes.filter(({ change }) => change === 'regressed') ?? [];
  return [
    '',
    // Repeated at the end, because the log of a long run scrolls away, and a CI service may keep only its end.
    ...notPassed(checks).map((check) => clipped(`${check.verdict} ${idOf(check)} (${check.mesh}): ${whyNot(check)}`)),
    headline(checks),
    ...omissions(conformance),
    ...(against === undefined ? [] : [transitionSummary(against)]),
    ...worse.map((one) => `  regressed  ${idOf(one)} (${one.mesh}): ${one.before}, now ${one.now}`),
    ...whereRun(run),
    `report: ${report}`,
    closingLine(checks),
  ].map((line) => printable(line));
}

function keptLines(kept: Kept | undefined, stream: NodeJS.WriteStream): string[] {
  if (kept === undefined) return [];
  return [
    fact('kept', kept.namespace, stream),
    ...kept.look.map((command) => fact('inspect', command, stream)),
    fact('remove', kept.remove, stream),
  ];
}

function fact(name: string, text: string, stream: NodeJS.WriteStream): string {
  return `  ${styleText('dim', name.padEnd(12), { stream })}${printable(text)}`;
}
