import { expect, test } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { CheckResult } from '../../fixtures/contract/result.ts';
import type { Facts } from '../../fixtures/contract/run.ts';
import { withVerdict } from '../../reporters/check-result.ts';
import { conformanceMarkdown } from '../../reporters/markdown.ts';
import { mergeConformance } from '../../reporters/merge.ts';
import { shortForm } from '../../reporters/short-form.ts';
import { compare } from '../../reporters/transitions.ts';
import { sampleCheck, sampleConformance } from './samples.ts';

const NEW = { kubernetes: 'v1.35.4', istiod: '1.31-eed52ebb66ad', envoy: '1.40.0' };
const OLD = { ...NEW, istiod: '1.30-b01690e6db7d', envoy: '1.38.3' };
const FAIL = { verdict: 'FAIL', reason: 'it does not hold' } as const;

function report(versions: Facts, ...checks: Partial<CheckResult>[]): Conformance {
  const { against: _, ...sample } = sampleConformance();
  return { ...sample, run: { ...sample.run, versions }, notChosen: [], planned: [], checks: checks.map((one) => sampleCheck(one)) };
}
const changes = (earlier: Conformance, now: Conformance) =>
  compare(earlier, now).changes.map(({ id, versions, change }) => [change, id, versions]);

/** The check passed on the newer version and failed on the older one. */
const night = mergeConformance([report(NEW, { id: 'a/b' }), report(OLD, { id: 'a/b', ...FAIL })]);

test('Compares each version with the same one of the earlier night, also if a patch has been adopted since', () => {
  const patched = { ...NEW, istiod: '1.31-0123456789ab', envoy: '1.40.1' };
  const next = mergeConformance([report(patched, { id: 'a/b', ...FAIL }), report(OLD, { id: 'a/b' })]);
  expect(changes(night, next)).toEqual([
    ['fixed', 'a/b', { istiod: '1.30' }],
    ['regressed', 'a/b', { istiod: '1.31' }],
  ]);
  const against = compare(night, next);
  const markdown = conformanceMarkdown({ ...next, against });
  expect(markdown).toContain('| regressed | a/b with istiod 1.31<br>');
});

test('Reports a check as gone from a version only if that version was run, and the check was selected', () => {
  const before = mergeConformance([NEW, OLD].map((versions) => report(versions, { id: 'a/b' }, { id: 'a/c' })));
  const some = report(OLD, { id: 'a/b' });
  expect(changes(before, mergeConformance([report(NEW, { id: 'a/b' }, { id: 'a/c' }), some]))).toEqual([
    ['gone', 'a/c', { istiod: '1.30' }],
  ]);
  const notChosen = [{ id: 'a/c', mesh: 'istio' }];
  expect(changes(before, mergeConformance([report(NEW, { id: 'a/b' }, { id: 'a/c' }), { ...some, notChosen }]))).toEqual([]);
  expect(changes(before, report(NEW, { id: 'a/b' }, { id: 'a/c' })), 'one version only').toEqual([]);
  expect(
    changes(before, mergeConformance([report(NEW, { id: 'a/b' }, { id: 'a/c' }), report({ ...NEW, istiod: '1.32.0' }, { id: 'a/b' })])),
  ).toEqual([['new', 'a/b', { istiod: '1.32' }]]);
});

test('Compares a run on one version with the column of that version, or with the worst verdicts if there is none', () => {
  expect(changes(night, report({ ...NEW, istiod: '1.31.4' }, { id: 'a/b', ...FAIL }))).toEqual([['regressed', 'a/b', undefined]]);
  expect(changes(night, report({ ...NEW, istiod: '1.30.9' }, { id: 'a/b', ...FAIL }))).toEqual([['still failing', 'a/b', undefined]]);
  expect(changes(night, report({ ...NEW, istiod: '1.32.0' }, { id: 'a/b' }))).toEqual([['fixed', 'a/b', undefined]]);
});

test('Compares the column of a version with an earlier run on that version alone', () => {
  expect(changes(report(OLD, { id: 'a/b' }), night)).toEqual([
    ['regressed', 'a/b', { istiod: '1.30' }],
    ['new', 'a/b', { istiod: '1.31' }],
  ]);
});

test('Compares runs on two versions with one another if neither is a merge: that is how an upgrade is judged', () => {
  expect(changes(report(OLD, { id: 'a/b' }), report(NEW, { id: 'a/b', ...FAIL }))).toEqual([['regressed', 'a/b', undefined]]);
});

test('Keeps the comparisons of runs on two versions apart when it merges them', () => {
  const compared = [NEW, OLD].map((versions) => {
    const now = report(versions, { id: 'a/b', ...FAIL });
    return { ...now, against: compare(night, now) };
  });
  expect(mergeConformance(compared).against?.changes.map(({ change, versions }) => [change, versions])).toEqual([
    ['still failing', { istiod: '1.30' }],
    ['regressed', { istiod: '1.31' }],
  ]);
});

test('Names the version of the mesh in the commands that run failed checks again', () => {
  const rerun = (id: string, more = '') => ({ id, ...FAIL, rerun: `npm test -- --check=${id} --mesh=istio${more}` });
  const merged = mergeConformance([
    report(NEW, rerun('a/b')),
    report(OLD, rerun('a/b', ' --mesh-version=1.30'), rerun('a/c', ' --mesh-version=1.30')),
  ]);
  expect(shortForm(merged).filter((line) => line.startsWith('rerun'))).toEqual([
    'rerun: npm test -- --check=a/b,a/c --mesh=istio --mesh-version=1.30',
    'rerun: npm test -- --check=a/b --mesh=istio',
  ]);
  const name = { id: 'a/b', suite: 'a', title: 't', meshVersion: '1.30' };
  const lost = withVerdict(name, 'istio', undefined, { status: 'failed', said: '' }, 1);
  expect(lost.rerun).toBe('npm test -- --check=a/b --mesh=istio --mesh-version=1.30');
});
