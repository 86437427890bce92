import { styleText } from 'node:util';

import type { CheckResult, Verdict } from '../fixtures/results/result.ts';
import { confidence, duration, printable } from './in-words.ts';

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
  const { id, verdict, durationMs, control, mesh } = check;
  const word = styleText(COLOUR[verdict], verdict.padEnd(12), { stream });
  const red = verdict === 'UNSUPPORTED' ? '' : `  control ${control}`;
  const head = `${word} ${printable(id)} (${printable(mesh)})  ${duration(durationMs)}${red}`;
  if (verdict === 'PASS') return [head];
  if (verdict === 'UNSUPPORTED') return [head, fact('because', check.reason, stream)];
  return [
    head,
    fact('promised', check.title, stream),
    fact('seen', check.reason, stream),
    ...confidence(check).map((line) => fact('how sure', line, stream)),
    ...traces.evidence.map((path) => fact('evidence', path, stream)),
    ...(traces.diagnostics === undefined ? [] : [fact('diagnostics', traces.diagnostics, stream)]),
    fact('run again', check.rerun, stream),
  ];
}

function fact(name: string, text: string, stream: NodeJS.WriteStream): string {
  return `  ${styleText('dim', name.padEnd(12), { stream })}${printable(text)}`;
}
