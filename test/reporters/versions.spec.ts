import { expect, test } from '@playwright/test';

import type { Conformance } from '../../fixtures/contract/conformance.ts';
import type { CheckResult } from '../../fixtures/contract/result.ts';
import type { Facts } from '../../fixtures/contract/run.ts';
import { endLines } from '../../reporters/console.ts';
import { exitCodeOf } from '../../reporters/exit-code.ts';
import { annotations } from '../../reporters/github.ts';
import { junitXml } from '../../reporters/junit.ts';
import { conformanceMarkdown } from '../../reporters/markdown.ts';
import { mergeConformance } from '../../reporters/merge.ts';
import { shortForm } from '../../reporters/short-form.ts';
import { sampleCheck, sampleConformance } from './samples.ts';
import { readXml } from './xml-reader.ts';

const NEW = { node: '24.21.0', kubernetes: 'v1.35.4', docker: '28.0.1', istiod: '1.31-eed52ebb66ad', envoy: '1.40.0' };
const OLD = { ...NEW, docker: '28.0.4', istiod: '1.30-b01690e6db7d', envoy: '1.38.3' };
const FAIL = { verdict: 'FAIL', reason: 'it does not hold' } as const;

function report(versions: Facts, checks: readonly Partial<CheckResult>[], more: Partial<Conformance['run']> = {}): Conformance {
  const { against: _, ...sample } = sampleConformance();
  const run = { ...sample.run, id: JSON.stringify([versions, more.environment]), versions, ...more };
  return { ...sample, run, notChosen: [], planned: [], checks: checks.map((one) => sampleCheck(one)) };
}
const columns = ({ checks }: Conformance) => checks.map(({ id, under, versions, repetition }) => [id, under, versions, repetition]);
/** The lines of conformance.md from a heading to the next one. */
function section(conformance: Conformance, heading: string): string[] {
  const rows = conformanceMarkdown(conformance).split('\n');
  const at = rows.indexOf(heading);
  const rest = at < 0 ? [] : rows.slice(at + 1);
  const end = rest.findIndex((row) => row.startsWith('#'));
  return rest.slice(0, end < 0 ? undefined : end).filter((row) => row !== '');
}

const newer = report(NEW, [{ id: 'a/b' }, { id: 'a/c' }]);
const older = report(OLD, [{ id: 'a/b', ...FAIL }, { id: 'a/c' }]);

test('Tells runs on two versions of a mesh apart, by the minor version where that suffices', () => {
  expect(columns(mergeConformance([newer, older]))).toEqual([
    ['a/b', undefined, { istiod: '1.30' }, undefined],
    ['a/b', undefined, { istiod: '1.31' }, undefined],
    ['a/c', undefined, { istiod: '1.30' }, undefined],
    ['a/c', undefined, { istiod: '1.31' }, undefined],
  ]);
  const patches = mergeConformance([report({ istiod: '1.31.1' }, [{ id: 'a/b' }]), report({ istiod: '1.31.2' }, [{ id: 'a/b' }])]);
  expect(patches.checks.map(({ versions }) => versions)).toEqual([{ istiod: '1.31.1' }, { istiod: '1.31.2' }]);
});

test('Names only what differs: Kubernetes always, and the proxy where the control plane is the same', () => {
  const versionsOf = (...all: Facts[]) =>
    mergeConformance(all.map((one) => report(one, [{ id: 'a/b' }]))).checks.map((check) => check.versions);
  expect(versionsOf(OLD, { ...NEW, kubernetes: 'v1.36.1' })).toEqual([
    { istiod: '1.30', kubernetes: 'v1.35' },
    { istiod: '1.31', kubernetes: 'v1.36' },
  ]);
  expect(versionsOf(NEW, { ...NEW, kubernetes: 'v1.36.1' })).toEqual([{ kubernetes: 'v1.35' }, { kubernetes: 'v1.36' }]);
  expect(versionsOf({ ...NEW, envoy: '1.9.1' }, NEW)).toEqual([{ envoy: '1.9' }, { envoy: '1.40' }]);
  expect(versionsOf(NEW, { ...NEW, node: '26.0.0', docker: '29.1.0' }), 'tools').toEqual([undefined, undefined]);
  const { envoy: _, ...unread } = NEW;
  expect(versionsOf(NEW, unread), 'a version that one run does not know').toEqual([undefined, undefined]);
});

test('Counts runs on the same versions as repetitions, also in a report that has been merged before', () => {
  const again = report(NEW, [{ id: 'a/b' }], { startedAt: '2026-01-02T09:00:00.000Z' });
  const expected = [
    ['a/b', undefined, { istiod: '1.30' }, undefined],
    ['a/b', undefined, { istiod: '1.31' }, 1],
    ['a/b', undefined, { istiod: '1.31' }, 2],
  ];
  const ofB = (conformance: Conformance) => columns(conformance).filter(([id]) => id === 'a/b');
  expect(ofB(mergeConformance([newer, older, again]))).toEqual(expected);
  expect(ofB(mergeConformance([mergeConformance([newer, older]), again]))).toEqual(expected);
  expect(ofB(mergeConformance([mergeConformance([newer, again]), older]))).toEqual(expected);
});

test('Shows a column for each version, in the order of their numbers, and one for each fault and version', () => {
  const oldest = report({ ...NEW, istiod: '1.9.2' }, [{ id: 'a/c', verdict: 'UNSUPPORTED', reason: 'too old' }]);
  const some = [report(NEW, [{ id: 'a/b' }, { id: 'a/c' }]), report(OLD, [{ id: 'a/b' }, { id: 'a/c', ...FAIL }])];
  expect(section(mergeConformance([...some, oldest]), '## By version')).toEqual([
    'Verdicts differ in 1 of 2 checks, listed first.',
    '| check | istiod 1.9 | istiod 1.30 | istiod 1.31 |',
    '| - | - | - | - |',
    '| a/c (istio) | UNSUPPORTED | FAIL | PASS |',
    '| a/b (istio) | - | PASS | PASS |',
  ]);
  const down = report(OLD, [{ id: 'a/b', under: 'control-plane-down' }]);
  expect(section(mergeConformance([newer, older, down]), '## By fault and version').slice(1, 4)).toEqual([
    '| check | no fault, istiod 1.30 | no fault, istiod 1.31 | control-plane-down, istiod 1.30 |',
    '| - | - | - | - |',
    '| a/b (istio) | FAIL | PASS | PASS |',
  ]);
  expect(conformanceMarkdown(newer)).not.toContain('By version');
});

test('Gives each mesh its own table of versions, and none to a mesh with one version', () => {
  const linkerd = report({ kubernetes: 'v1.35.4', linkerd: 'edge-26.8.3' }, [{ id: 'a/b', mesh: 'linkerd' }]);
  const merged = mergeConformance([newer, older, linkerd]);
  expect(section(merged, '## By version')).toEqual([
    'Verdicts differ in 1 of 2 checks, listed first.',
    '| check | istiod 1.30 | istiod 1.31 |',
    '| - | - | - |',
    '| a/b (istio) | FAIL | PASS |',
    '| a/c (istio) | PASS | PASS |',
  ]);
  expect(merged.checks.find(({ mesh }) => mesh === 'linkerd')?.versions).toBeUndefined();
});

test('Counts verdicts, checks not selected and planned ones per version', () => {
  const planned = [{ id: 'a/d', mesh: 'istio', sentence: 'It holds' }];
  const some = {
    ...report(OLD, [{ id: 'a/b' }]),
    notChosen: [
      { id: 'a/c', mesh: 'istio' },
      { id: 'b/e', mesh: 'istio' },
    ],
    planned,
  };
  const more = { ...newer, notChosen: [{ id: 'b/e', mesh: 'istio' }], planned };
  const merged = mergeConformance([more, some]);
  expect(conformanceMarkdown(merged)).toContain(
    [
      '| suite | istio (istiod 1.30) | istio (istiod 1.31) |',
      '| - | - | - |',
      '| a | 1 PASS, 1 not selected, 1 planned | 2 PASS, 1 planned |',
      '| b | 1 not selected | 1 not selected |',
    ].join('\n'),
  );
  expect(conformanceMarkdown(merged)).toContain('2 checks not selected for this run');
});

test('Names the version on which a check failed in each report, and its exit code counts every version', () => {
  const merged = mergeConformance([newer, older]);
  expect(exitCodeOf(merged)).toBe(1);
  expect(exitCodeOf(mergeConformance([newer, report(OLD, [{ id: 'a/b', verdict: 'INVALID', reason: 'green' }])]))).toBe(3);
  expect(conformanceMarkdown(merged)).toContain('### FAIL a/b with istiod 1.30 (istio)');
  const cases = readXml(junitXml(merged)).children.flatMap((suite) => suite.children);
  expect(new Set(cases.map(({ attributes }) => `${attributes['classname']} ${attributes['name']}`)).size).toBe(2);
  const failed = cases.find(({ children }) => children.some(({ name }) => name === 'failure'));
  expect(failed?.attributes['name']).toContain('with istiod 1.30');
  expect(failed?.children[0]?.children.map(({ attributes }) => attributes)).toContainEqual({ name: 'versions', value: 'istiod 1.30' });
  expect(endLines(merged, 'report', 'all')).toContainEqual(expect.stringMatching(/^FAIL a\/b with istiod 1\.30 \(istio\): /));
  expect(shortForm(merged)).toContain('FAIL a/b with istiod 1.30 (istio)');
  const [bad] = merged.checks;
  expect(annotations(bad ?? sampleCheck(), { file: '/a.spec.ts', line: 1 }).join()).toContain('title=FAIL a/b with istiod 1.30 (istio)');
});

test('Tells apart what a check deviates in, or does not prove, on each version', () => {
  const judgements = [{ matcher: 'toSplit', line: 12, judged: 1, red: 0 }];
  const docDeviations = [{ documented: 'a', observed: 'b' }];
  const merged = mergeConformance([NEW, OLD].map((versions) => report(versions, [{ id: 'a/b', judgements, docDeviations }])));
  for (const heading of ['## Assertions that no control made fail', '## Documentation and observed behaviour'])
    expect(section(merged, heading).filter((row) => row.startsWith('| a/b with istiod 1.3'))).toHaveLength(2);
});

test('Considers the shards of each mesh, version and fault complete on their own', () => {
  const shard = (versions: Facts, one: string, check: Partial<CheckResult> = {}) =>
    report(versions, [{ id: `a/${one[0]}`, ...check }], { environment: { shard: one } });
  const all = [shard(NEW, '1/2'), shard(NEW, '2/2'), shard(OLD, '1/2'), shard(OLD, '2/2')];
  expect(mergeConformance(all).run.errors).toEqual([]);
  expect(mergeConformance(all.toSpliced(2, 1)).run.errors).toEqual([
    'shard 1/2 with istiod 1.30 has no report; its checks are missing here',
  ]);
  expect(mergeConformance([...all.slice(0, 2), shard(OLD, '1/1')]).run.errors, 'another number of shards').toEqual([]);
  const down = { under: 'dns-down' } as const;
  expect(mergeConformance([...all.slice(0, 2), shard(NEW, '2/2', down)]).run.errors).toEqual([
    'shard 1/2 under dns-down has no report; its checks are missing here',
  ]);
  expect(mergeConformance([...all.slice(0, 2), shard({ linkerd: 'edge-26.8.3' }, '2/2', { mesh: 'linkerd' })]).run.errors).toEqual([
    'shard 1/2 of linkerd has no report; its checks are missing here',
  ]);
  const empty = report(OLD, [], { environment: { shard: '2/2' } });
  expect(mergeConformance([...all.slice(0, 3), empty]).run.errors, 'a shard without a check').toEqual([]);
});
