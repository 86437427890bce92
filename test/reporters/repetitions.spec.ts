import { expect, test } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import { repetitionOf, tracesOf } from '../../fixtures/contract/names.ts';
import type { CheckResult } from '../../fixtures/contract/result.ts';
import { junitXml } from '../../reporters/junit.ts';
import { conformanceMarkdown } from '../../reporters/markdown.ts';
import { mergeConformance } from '../../reporters/merge.ts';
import { shortForm } from '../../reporters/short-form.ts';
import { compare } from '../../reporters/transitions.ts';
import { sampleCheck, sampleConformance } from './samples.ts';
import { readXml } from './xml-reader.ts';

const FAIL = { verdict: 'FAIL', reason: 'expected one, observed two' } as const;

function report(checks: readonly Partial<CheckResult>[], run: Partial<Conformance['run']> = {}): Conformance {
  const sample = sampleConformance();
  return { ...sample, run: { ...sample.run, ...run }, notChosen: [], checks: checks.map((one) => sampleCheck(one)) };
}
const of = ({ checks }: Conformance) => checks.map(({ id, verdict, repetition }) => [id, verdict, repetition]);
/** Five runs of one check, the third of which fails. */
const five = report([1, 2, 3, 4, 5].map((repetition) => ({ id: 'a/b', repetition, ...(repetition === 3 ? FAIL : {}) })));

test('Gives each repetition a test case with a name of its own', () => {
  const cases = readXml(junitXml(five)).children.flatMap((suite) => suite.children);
  expect(new Set(cases.map(({ attributes }) => `${attributes['classname']} ${attributes['name']}`)).size).toBe(5);
  expect(cases[2]?.attributes['name']).toContain('(repetition 3)');
  expect(cases[2]?.children.map(({ name }) => name)).toContain('failure');
});

test('Names the failed repetition in the other reports, with a single rerun command', () => {
  expect(conformanceMarkdown(five)).toContain('### FAIL a/b (repetition 3) (istio)');
  const lines = shortForm(report([1, 2].map((repetition) => ({ id: 'a/b', repetition, ...FAIL }))));
  expect(lines.filter((line) => line.startsWith('rerun'))).toEqual(['rerun: npm test -- --check=a/b --mesh=istio']);
});

test('Counts a failed repetition as a failure, and as one change', () => {
  const green = report([{ id: 'a/b' }]);
  expect(compare(five, green).changes.map(({ change, before, now }) => [change, before, now])).toEqual([['fixed', 'FAIL', 'PASS']]);
  expect(compare(green, five).changes.map(({ change, before, now }) => [change, before, now])).toEqual([['regressed', 'PASS', 'FAIL']]);
});

test('Numbers the repetitions of a shard that was run again in order of time', () => {
  const first = report([{ id: 'a/b', ...FAIL }, { id: 'a/c' }], { id: 'one', startedAt: '2026-01-01T01:00:00.000Z' });
  const second = report([{ id: 'a/b' }], { id: 'two', startedAt: '2026-01-01T02:00:00.000Z' });
  expect(of(mergeConformance([second, first]))).toEqual([
    ['a/b', 'FAIL', 1],
    ['a/b', 'PASS', 2],
    ['a/c', 'PASS', undefined],
  ]);
  expect(of(mergeConformance([five, second])).map(([, , repetition]) => repetition)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('Reports a shard without a report as an error of the run', () => {
  const shard = (one: string) => report([{ id: `a/${one[0]}` }], { id: one, environment: { shard: one } });
  expect(mergeConformance([shard('1/3'), shard('3/3')]).run.errors).toEqual(['shard 2/3 has no report; its checks are missing here']);
  expect(mergeConformance([shard('1/2'), shard('2/2')]).run.errors).toEqual([]);
  const halves = mergeConformance([shard('1/3'), shard('2/3')]);
  expect(mergeConformance([{ ...halves, run: { ...halves.run, errors: [] } }, shard('3/3')]).run.errors).toEqual([]);
});

test('Gives the evidence of each repetition its own folder', () => {
  const repetition = (repeatEach: number, repeatEachIndex: number) => repetitionOf({ project: { repeatEach }, repeatEachIndex });
  expect([repetition(1, 0), repetition(3, 0), repetition(3, 2)]).toEqual([undefined, 1, 3]);
  expect([tracesOf('a/b', undefined), tracesOf('a/b', 3)]).toEqual(['a/b', 'a/b/repetition-3']);
});
