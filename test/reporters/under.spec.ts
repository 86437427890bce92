import { expect, test } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { CheckResult } from '../../fixtures/contract/result.ts';
import { withVerdict } from '../../reporters/check-result.ts';
import { junitXml } from '../../reporters/junit.ts';
import { conformanceMarkdown } from '../../reporters/markdown.ts';
import { mergeConformance } from '../../reporters/merge.ts';
import { shortForm } from '../../reporters/short-form.ts';
import { compare } from '../../reporters/transitions.ts';
import { sampleCheck, sampleConformance } from './samples.ts';
import { readXml } from './xml-reader.ts';

const DOWN = { under: 'control-plane-down' } as const;
const LOSS = { under: 'packet-loss' } as const;

function report(id: string, checks: readonly Partial<CheckResult>[]): Conformance {
  const sample = sampleConformance();
  return { ...sample, run: { ...sample.run, id }, notChosen: [], planned: [], checks: checks.map((one) => sampleCheck(one)) };
}

const calm = report('calm', [{ id: 'a/b' }, { id: 'a/c' }]);
const down = report('down', [
  { ...DOWN, id: 'a/b', verdict: 'FAIL', reason: 'it does not hold' },
  { ...DOWN, id: 'a/c', verdict: 'UNSUPPORTED', reason: 'its body changes the configuration' },
]);
const lossy = report('lossy', [{ ...LOSS, id: 'a/b' }]);

test('Merges runs under several faults into a matrix, and does not count a check under another fault as a repetition', () => {
  const merged = mergeConformance([calm, down, lossy]);
  expect(merged.checks.map(({ id, under, repetition }) => [id, under, repetition])).toEqual([
    ['a/b', undefined, undefined],
    ['a/b', 'control-plane-down', undefined],
    ['a/b', 'packet-loss', undefined],
    ['a/c', undefined, undefined],
    ['a/c', 'control-plane-down', undefined],
  ]);
  const rows = conformanceMarkdown(merged).split('\n');
  const at = rows.indexOf('## Under faults');
  expect(rows.slice(at + 2, at + 8)).toEqual([
    'Verdicts differ in 2 of 2 checks, listed first.',
    '',
    '| check | no fault | control-plane-down | packet-loss |',
    '| - | - | - | - |',
    '| a/b (istio) | PASS | FAIL | PASS |',
    '| a/c (istio) | PASS | UNSUPPORTED | - |',
  ]);
});

test('Counts checks under the same fault twice as repetitions, and shows all their verdicts in the matrix', () => {
  const again = report('again', [{ ...DOWN, id: 'a/b' }]);
  const merged = mergeConformance([down, again]);
  expect(merged.checks.filter(({ id }) => id === 'a/b').map(({ repetition }) => repetition)).toEqual([1, 2]);
  expect(conformanceMarkdown(merged)).toContain('| a/b (istio) | FAIL, PASS |');
});

test('Mentions no fault in a report of checks without one', () => {
  expect(conformanceMarkdown(calm)).not.toContain('Under faults');
});

test('Names the fault under which a check failed in each report, and in its rerun command', () => {
  expect(conformanceMarkdown(down)).toContain('### FAIL a/b under control-plane-down (istio)');
  const [, failed] = readXml(junitXml(mergeConformance([calm, down]))).children.flatMap((suite) => suite.children);
  expect(failed?.attributes['name']).toContain('under control-plane-down');
  expect(shortForm(down).filter((line) => line.startsWith('rerun'))).toEqual([
    'rerun: npm test -- --check=a/b --mesh=istio --under=control-plane-down',
  ]);
  const lost = withVerdict({ id: 'a/b', suite: 'a', title: 't', ...DOWN }, 'istio', undefined, { status: 'failed', said: '' }, 1);
  expect(lost).toMatchObject({ ...DOWN, rerun: 'npm test -- --check=a/b --mesh=istio --under=control-plane-down' });
});

test('Compares a run under a fault only with results under the same fault', () => {
  const before = mergeConformance([calm, down]);
  const fixed = report('fixed', [
    { ...DOWN, id: 'a/b' },
    { ...DOWN, id: 'a/d' },
  ]);
  expect(compare(before, fixed).changes).toMatchObject([
    { id: 'a/b', ...DOWN, change: 'fixed', before: 'FAIL', now: 'PASS' },
    { id: 'a/c', ...DOWN, change: 'gone' },
    { id: 'a/d', ...DOWN, change: 'new' },
  ]);
});
