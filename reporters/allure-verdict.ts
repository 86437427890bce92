import { Status, type Label, type TestResult } from 'allure-js-commons';

import type { CheckResult, Verdict } from '../fixtures/results/result.ts';
import { confidence, printable } from './in-words.ts';
import { inline } from './markdown.ts';
import { checkNameOf, judge, type CheckName, type Ending } from './verdict.ts';

/** Allure's word for each verdict. */
const ALLURE_STATUS: Record<Verdict, Status> = {
  PASS: Status.PASSED,
  FAIL: Status.FAILED,
  INCONCLUSIVE: Status.BROKEN,
  UNSUPPORTED: Status.SKIPPED,
  INVALID: Status.BROKEN,
};

/**
 * An Allure result with what its check came to: status, message, a description that names the evidence, and the labels
 * `epic` (suite), `story` (mesh), `tag` (mesh and verdict), `verdict` and `control`. A result that is no check's, or has a verdict already, comes back as it is.
 * @param attached the content of the check's attachment, undefined without one.
 */
export function settled(result: TestResult, attached: unknown, mesh: string): TestResult {
  const name = nameOf(result);
  const done = result.labels.some((label) => label.name === 'verdict');
  if (!name || done) return result;
  const check = judge(name, mesh, attached, endingOf(result), (result.stop ?? 0) - (result.start ?? 0));
  return {
    ...result,
    name: printable(result.name ?? ''),
    fullName: printable(result.fullName ?? ''),
    status: ALLURE_STATUS[check.verdict],
    ...(check.verdict === 'PASS' ? {} : { statusDetails: { ...result.statusDetails, message: `${check.verdict}: ${check.reason}` } }),
    labels: [...result.labels, ...labelsOf(check)],
    parameters: [...result.parameters, { name: 'mesh', value: check.mesh }],
    description: describe(check),
    // Allure takes results of one history id for retries of one another; the same check on another mesh is none.
    ...(result.historyId === undefined ? {} : { historyId: `${result.historyId}.${check.mesh}` }),
  };
}

function nameOf({ titlePath = [], name = '' }: TestResult): CheckName | undefined {
  const file = titlePath.findIndex((part) => part.endsWith('.spec.ts'));
  return checkNameOf(titlePath.slice(0, file + 1).join('/'), name);
}

function endingOf({ status, statusDetails }: TestResult): Ending {
  const ended = status === Status.PASSED ? 'passed' : status === Status.SKIPPED ? 'skipped' : 'failed';
  return { status: ended, said: statusDetails.message ?? '' };
}

/**
 * Markdown. Histories and ledgers are named, not attached: they would make the one file of the site heavy.
 * They are no links either: Allure shows a description in a frame that may not navigate, and drops relative links elsewhere.
 */
function describe(check: CheckResult): string {
  const evidence = check.evidence.map(
    ({ phase, name, file, lines }) => `evidence of the ${phase}, ${inline(name)}, ${lines} lines: ${inline(file)}`,
  );
  const facts = [...confidence(check).map((line) => inline(line)), ...evidence, `run again: ${inline(check.rerun)}`];
  return facts.map((fact) => `- ${fact}`).join('\n');
}

function labelsOf({ suite, mesh, verdict, control }: CheckResult): Label[] {
  const single = Object.entries({ epic: suite, story: mesh, verdict, control }).map(([name, value]) => ({ name, value }));
  return [...single, { name: 'tag', value: mesh }, { name: 'tag', value: verdict }];
}
