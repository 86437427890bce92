import { LinkType, Status, type Label, type Link, type Parameter, type TestResult } from 'allure-js-commons';

import type { Picture } from '../fixtures/contract/picture.ts';
import type { CheckResult, Verdict } from '../fixtures/contract/result.ts';
import type { Ending } from '../fixtures/contract/verdict.ts';
import { describe } from './allure-description.ts';
import { linksOf } from './documentation.ts';
import { printable } from '../fixtures/contract/printable.ts';
import { whyNot } from './format.ts';
import { checkNameOf, withVerdict, type CheckName } from './check-result.ts';

/** Allure's status for each verdict. */
const ALLURE_STATUS: Record<Verdict, Status> = {
  PASS: Status.PASSED,
  FAIL: Status.FAILED,
  INCONCLUSIVE: Status.BROKEN,
  UNSUPPORTED: Status.SKIPPED,
  INVALID: Status.BROKEN,
};

/**
 * Adds the outcome of its check to an Allure result: status, message, a description with pictures, links, and the labels `epic` (suite),
 * `story` (mesh), `tag` (mesh and verdict), `verdict` and `control`. A result that belongs to no check, or has a verdict already, is
 * returned unchanged.
 * @param attached the content of the check's attachment; undefined without one
 * @param draw renders a picture as SVG
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
    // Allure treats results with the same history ID as retries; runs on other meshes, under other faults and repetitions are none.
    ...(result.historyId === undefined
      ? {}
      : { historyId: [result.historyId, check.mesh, ...(check.under === undefined ? [] : [check.under]), ...repetition].join('.') }),
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

/** Shown at the top of the page. Only mesh and fault identify the check to Allure: its history must continue when the verdict changes. */
function parametersOf({ mesh, under, verdict, control, controlBecause }: CheckResult): Parameter[] {
  const because = controlBecause === '' || control === 'skipped' ? '' : `: ${printable(controlBecause)}`;
  return [
    { name: 'verdict', value: verdict, excluded: true },
    { name: 'control', value: `${control === 'skipped' ? 'not run' : control}${because}`, excluded: true },
    { name: 'mesh', value: mesh },
    ...(under === undefined ? [] : [{ name: 'under', value: under }]),
  ];
}

/** Allure shows both of these verdicts in the same colour. */
function nameWith(verdict: Verdict, name: string): string {
  return verdict === 'INVALID' || verdict === 'INCONCLUSIVE' ? `${verdict}: ${name}` : name;
}

/** What the check itself measured, or what its control measured if the check was not run. */
function drawn({ pictures = [] }: CheckResult, draw: (picture: Picture) => string): string[] {
  const own = pictures.filter(({ phase }) => phase === 'check');
  return (own.length > 0 ? own : pictures).map(({ picture }) => draw(picture));
}
