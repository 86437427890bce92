import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { VERDICTS, type CheckResult } from '../../fixtures/contract/result.ts';
import { transitionSummary } from '../../reporters/format.ts';
import { compare } from '../../reporters/transitions.ts';
import { readConformance, readEarlierRun } from '../../reporters/conformance-files.ts';
import { sampleCheck, sampleConformance } from './samples.ts';

const run = (...checks: Partial<CheckResult>[]) => ({
  ...sampleConformance(),
  notChosen: [],
  checks: checks.map((one) => sampleCheck(one)),
});
const changeOf = (before: CheckResult['verdict'], now: CheckResult['verdict']) =>
  compare(run({ verdict: before }), run({ verdict: now })).changes[0]?.change;

test('Names a change by what it means to the reader of the verdict', () => {
  expect(changeOf('PASS', 'PASS')).toBeUndefined();
  expect(changeOf('UNSUPPORTED', 'UNSUPPORTED')).toBeUndefined();
  expect(changeOf('PASS', 'FAIL')).toBe('regressed');
  expect(changeOf('UNSUPPORTED', 'INVALID')).toBe('regressed');
  expect(changeOf('FAIL', 'INCONCLUSIVE')).toBe('still failing');
  expect(changeOf('INCONCLUSIVE', 'PASS')).toBe('fixed');
  expect(changeOf('FAIL', 'UNSUPPORTED')).toBe('changed');
  expect(changeOf('PASS', 'UNSUPPORTED')).toBe('changed');
});

test('Calls a check in only one of the runs new or gone, unless it was not selected or is of another mesh', () => {
  const earlier = run({ id: 'a/one' }, { id: 'a/two' }, { id: 'a/three', mesh: 'linkerd' });
  const now = { ...run({ id: 'b/new', verdict: 'FAIL' }), notChosen: [{ id: 'a/two', mesh: 'istio' }] };
  expect(compare(earlier, now).changes.map(({ id, change, before, now: after }) => [id, change, before, after])).toEqual([
    ['a/one', 'gone', 'PASS', null],
    ['b/new', 'new', null, 'FAIL'],
  ]);
});

test('Finds no change between a run and itself except what still fails, and the opposite changes in reverse', () => {
  const verdicts = fc.array(fc.constantFrom(...VERDICTS), { minLength: 1, maxLength: 8 });
  const of = (all: readonly CheckResult['verdict'][]) => run(...all.map((verdict, index) => ({ id: `a/${index}`, verdict })));
  const back = { new: 'gone', gone: 'new', fixed: 'regressed', regressed: 'fixed' } as Record<string, string>;
  fc.assert(fc.property(verdicts, (all) => compare(of(all), of(all)).changes.every(({ change }) => change === 'still failing')));
  fc.assert(
    fc.property(verdicts, verdicts, (one, other) => {
      const there = compare(of(one), of(other)).changes.filter(({ change }) => ['new', 'gone', 'fixed'].includes(change));
      const returning = new Map(compare(of(other), of(one)).changes.map(({ id, change }) => [id, change]));
      return there.every(({ id, change }) => returning.get(id) === back[change]);
    }),
  );
});

test('Counts regressions first', () => {
  const { changes } = compare(run({ id: 'a/1' }, { id: 'a/2', verdict: 'FAIL' }), run({ id: 'a/1', verdict: 'FAIL' }, { id: 'a/2' }));
  const against = { id: 'x', startedAt: '2026-01-02T03:04:05.000Z', versions: {}, changes };
  expect(transitionSummary(against)).toBe('1 regressed, 1 fixed since run x of 2026-01-02');
  expect(transitionSummary({ ...against, changes: [] })).toBe('nothing changed since run x of 2026-01-02');
});

test('Compares with a report of any version, but reads only its own version completely', async ({}, info) => {
  const report = info.outputPath('report');
  await mkdir(report, { recursive: true });
  const file = join(report, 'conformance.json');
  const { schemaVersion, ...sample } = sampleConformance();
  const old = { ...sample, checks: sample.checks.map((check) => ({ ...check, controlSaid: 'a text', guide: [] })) };
  for (const content of [old, { ...old, schemaVersion: schemaVersion + 1, more: true }]) {
    await writeFile(file, JSON.stringify(content));
    expect(readEarlierRun(report).checks).toHaveLength(sample.checks.length);
    expect(compare(readEarlierRun(report), sample).changes.filter(({ change }) => change !== 'still failing')).toEqual([]);
    await expect(readConformance(file)).rejects.toThrow(/has schema version [13]; this version of meshproof reads 2/);
  }
  await writeFile(file, '[]');
  expect(() => readEarlierRun(report)).toThrow('does not match its schema');
});
