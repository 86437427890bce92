import type { Conformance } from '../fixtures/contract/conformance.ts';
import type { CheckResult } from '../fixtures/contract/result.ts';
import { findingLine, idOf, warningsOf, whyNot } from './format.ts';
import { versionsText } from './versions.ts';

type Attributes = Record<string, string | number>;

/** junit.xml for CI servers: FAIL is a failure, INVALID and INCONCLUSIVE are errors, UNSUPPORTED is skipped. */
export function junitXml({ run, checks }: Conformance): string {
  const suites = Map.groupBy(checks, ({ suite, mesh }) => `${suite} (${mesh})`);
  const elements = [...suites].map(([name, members]) =>
    element('testsuite', { name, ...totals(members), timestamp: run.startedAt }, members.map((check) => testCase(check)).join('')),
  );
  if (run.errors.length > 0) elements.push(outsideChecks(run.errors));
  const all = totals(checks);
  const root = element('testsuites', { name: 'meshproof', ...all, errors: Number(all['errors']) + run.errors.length }, elements.join(''));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

/** Escapes text for XML 1.0, inside and outside attributes. Characters that XML does not allow become U+FFFD. */
export function escapeXml(text: string): string {
  const carried = text.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
  return carried.replaceAll(/[<>&"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`;
}

function totals(checks: readonly CheckResult[]): Attributes {
  const count = (...verdicts: string[]): number => checks.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return {
    tests: checks.length,
    failures: count('FAIL'),
    errors: count('INVALID', 'INCONCLUSIVE'),
    skipped: count('UNSUPPORTED'),
    time: seconds(checks.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
}

function testCase(check: CheckResult): string {
  const { id, suite, mesh, title, under, versions, repetition, verdict, reason, finding, control, controlBecause, rerun, durationMs } =
    check;
  // Some readers keep only the first of several test cases with the same name.
  const name = idOf({ id: title, under, versions, repetition });
  const ran = { ...(under === undefined ? {} : { under }), ...(versions === undefined ? {} : { versions: versionsText(versions) }) };
  const facts = Object.entries({ id, mesh, ...ran, verdict, control, controlBecause, rerun });
  const properties = facts.map(([fact, value]) => element('property', { name: fact, value }));
  const warned = warningsOf(check).map((value) => element('property', { name: 'warning', value }));
  const children = [element('properties', {}, [...properties, ...warned].join(''))];
  if (verdict === 'UNSUPPORTED') children.push(element('skipped', { message: reason }));
  else if (verdict !== 'PASS') {
    const tag = verdict === 'FAIL' ? 'failure' : 'error';
    const lines = [reason, ...(finding === undefined ? [] : [findingLine(finding)]), '', `rerun: ${rerun}`];
    children.push(element(tag, { type: verdict, message: whyNot(check) }, escapeXml(lines.join('\n'))));
  }
  return element('testcase', { classname: `${suite}.${mesh}`, name, time: seconds(durationMs) }, children.join(''));
}

function outsideChecks(errors: readonly string[]): string {
  const cases = errors.map((message, index) =>
    element('testcase', { classname: 'run', name: `error ${index + 1} outside any check` }, element('error', { type: 'RUN', message })),
  );
  return element(
    'testsuite',
    { name: 'run', tests: cases.length, failures: 0, errors: cases.length, skipped: 0, time: '0' },
    cases.join(''),
  );
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
