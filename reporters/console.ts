import { styleText } from 'node:util';

import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { CheckResult, Kept, Verdict } from '../fixtures/contract/result.ts';
import type { ConsoleState } from '../fixtures/contract/settings.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { closingLine, confidence, duration, idOf, transitionSummary, omissions, warningsOf, whereRun, headline } from './format.ts';
import { shortForm } from './short-form.ts';

const COLOUR = { PASS: 'green', FAIL: 'red', INCONCLUSIVE: 'yellow', UNSUPPORTED: 'gray', INVALID: 'magenta' } as const satisfies Record<
  Verdict,
  string
>;

/** Paths under which a person finds what a check left, as they are printed. */
export interface Traces {
  evidence: string[];
  /** The folder with manifests, logs and proxy state; undefined when there is none. */
  diagnostics: string | undefined;
}

/** The lines that the console shows when a check has ended: one, and after anything but PASS what is needed to understand it. */
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

/** The lines that a run ends with. The last one is the count alone, for scripts. */
export function endLines(conformance: Conformance, report: string, state: ConsoleState): string[] {
  const { run, checks, against } = conformance;
  if (state === 'short') return [...shortForm(conformance), closingLine(checks)];
  const worse = against?.changes.filter(({ change }) => change === 'regressed') ?? [];
  return [
    '',
    headline(checks),
    ...omissions(conformance),
    ...(against === undefined ? [] : [transitionSummary(against)]),
    ...worse.map(({ id, mesh, before, now }) => `  regressed  ${id} (${mesh}): ${before}, now ${now}`),
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
