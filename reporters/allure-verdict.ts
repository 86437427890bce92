import { LinkType, Status, type Label, type Link, type Parameter, type TestResult } from 'allure-js-commons';

import type { Picture } from '../fixtures/contract/picture.ts';
import type { CheckResult, Verdict } from '../fixtures/contract/result.ts';
import type { Ending } from '../fixtures/contract/verdict.ts';
import { describe } from './allure-description.ts';
import { linksOf } from './documentation.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { whyNot } from './format.ts';
import { checkNameOf, withVerdict, type CheckName } from './check-result.ts';

/** Allure's word for each verdict. */
const ALLURE_STATUS: Record<Verdict, Status> = {
  PASS: Status.PASSED,
  FAIL: Status.FAILED,
  INCONCLUSIVE: Status.BROKEN,
  UNSUPPORTED: Status.SKIPPED,
  INVALID: Status.BROKEN,
};

/**
 * An Allure result with what its check came to: status, message, a description with the pictures of what was measured, links, and the labels
 * `epic` (suite), `story` (mesh), `tag` (mesh and verdict), `verdict` and `control`. A result that is no check's, or has a verdict already, comes back as it is.
 * @param attached the content of the check's attachment, undefined without one.
 * @param draw makes an SVG text of a picture.
 */
export function withAllureVerdict(result: TestResult, attached: unknown, mesh: string, draw: (picture: Picture) => string): TestResult {
  const name = nameOf(result);
  const done = result.labels.some((label) => label.name === 'verdict');
  if (!name || done) return result;
  const check = withVerdict(name, mesh, attached, endingOf(result), (result.stop ?? 0) - (result.start ?? 0));
  const repetition = result.parameters.flatMap((parameter) => (parameter.name === 'Repetition' ? [parameter.value] : []));
  return {
    ...result,
    name: nameWith(check.verdict, printable(result.name ?? '')),
    fullName: printable(result.fullName ?? ''),
    status: ALLURE_STATUS[check.verdict],
    ...(check.verdict === 'PASS' ? {} : { statusDetails: { ...result.statusDetails, message: `${check.verdict}: ${whyNot(check)}` } }),
    labels: [...result.labels, ...labelsOf(check)],
    parameters: [...result.parameters, ...parametersOf(check)],
    links: [...result.links, ...linksOf(check).map((link): Link => ({ ...link, type: LinkType.DEFAULT }))],
    descriptionHtml: describe(check, drawn(check, draw)),
    // Allure takes results of one history id for retries of one another; the same check on another mesh is none, nor is a repetition.
    ...(result.historyId === undefined ? {} : { historyId: [result.historyId, check.mesh, ...repetition].join('.') }),
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

function labelsOf({ suite, mesh, verdict, control }: CheckResult): Label[] {
  const single = Object.entries({ epic: suite, story: mesh, verdict, control }).map(([name, value]) => ({ name, value }));
  return [...single, { name: 'tag', value: mesh }, { name: 'tag', value: verdict }];
}

/** Beside each other at the top of the page. They are left out of what Allure knows a check by, but for the mesh: its history must go on when the verdict changes. */
function parametersOf({ mesh, verdict, control, controlBecause }: CheckResult): Parameter[] {
  const because = controlBecause === '' || control === 'skipped' ? '' : `: ${printable(controlBecause)}`;
  return [
    { name: 'verdict', value: verdict, excluded: true },
    { name: 'control', value: `${control === 'skipped' ? 'not run' : control}${because}`, excluded: true },
    { name: 'mesh', value: mesh },
  ];
}

/** Allure has one colour for both of the verdicts that judge nothing. */
function nameWith(verdict: Verdict, name: string): string {
  return verdict === 'INVALID' || verdict === 'INCONCLUSIVE' ? `${verdict}: ${name}` : name;
}

/** What the check itself measured; where it was not come to, what its control did. */
function drawn({ pictures = [] }: CheckResult, draw: (picture: Picture) => string): string[] {
  const own = pictures.filter(({ phase }) => phase === 'check');
  return (own.length > 0 ? own : pictures).map(({ picture }) => draw(picture));
}
