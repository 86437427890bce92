import type { Conformance } from '../fixtures/contract/conformance.ts';
import { optionsOf } from '../fixtures/contract/rerun.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import { exitCodeOf } from './exit-code.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { claim, clipped, headline, idOf, notPassed, omissions, transitionSummary, warningsOf } from './format.ts';

const WORDS = { 0: 'PASS', 1: 'FAIL', 2: 'NO CHECKS', 3: 'NOT PROVEN' } as const;

/** The result in a few lines of plain text, to paste into a chat, without the closing line; conformance.md is the long form. */
export function shortForm(conformance: Conformance): string[] {
  const { run, checks, against } = conformance;
  const bad = notPassed(checks);
  const versions = Object.entries(run.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `meshproof ${WORDS[exitCodeOf(conformance)]}: ${headline(checks)}`,
    ...bad.flatMap((check) => failure(check)),
    ...checks.flatMap((check) => warningsOf(check).map((text) => `warning: ${idOf(check)}: ${text}`)),
    ...run.errors.map((error) => `error outside any check: ${error}`),
    ...(against === undefined ? [] : [transitionSummary(against)]),
    ...omissions(conformance),
    versions.join(', '),
    ...[...Map.groupBy(bad, ({ rerun }) => optionsOf(rerun))].map(
      ([options, all]) => `rerun: npm test -- --check=${idsOf(all)} ${options}`,
    ),
  ]
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('rerun') ? printable(line) : clipped(printable(line))));
}

function failure(check: CheckResult): string[] {
  const { verdict, mesh, title, reason, finding, control, statistics } = check;
  const certain = [
    ...(finding === undefined ? [] : [finding.confidence]),
    `control ${control}`,
    ...statistics.map((statistic) => claim(statistic)),
  ];
  return [
    `${verdict} ${idOf(check)} (${mesh})`,
    `  promise: ${title}`,
    `  observed: ${finding?.observed ?? reason}`,
    `  confidence: ${certain.join('; ')}`,
  ];
}

function idsOf(checks: readonly CheckResult[]): string {
  return [...new Set(checks.map(({ id }) => id))].join(',');
}
