import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import { VERDICTS, type Verdict } from '../../fixtures/contract/result.ts';
import type { Ending } from '../../fixtures/contract/verdict.ts';
import { exitCodeOf } from '../../reporters/exit-code.ts';
import { inOrder, mergeConformance } from '../../reporters/merge.ts';
import { checkNameOf, withVerdict } from '../../reporters/check-result.ts';
import { examinedOf, sampleCheck, sampleConformance } from './samples.ts';

const NAME = { id: 'a/b', suite: 'a', title: 't' };

function codeOf(...verdicts: readonly Verdict[]): number {
  return exitCodeOf({ ...sampleConformance(), checks: verdicts.map((verdict) => sampleCheck({ verdict })) });
}

test('Derives the exit code from the verdicts', () => {
  expect(codeOf('PASS', 'UNSUPPORTED')).toBe(0);
  expect(codeOf('PASS', 'INVALID', 'FAIL', 'INCONCLUSIVE')).toBe(1);
  expect(codeOf()).toBe(2);
  expect(codeOf('PASS', 'INCONCLUSIVE')).toBe(3);
  expect(codeOf('PASS', 'INVALID')).toBe(3);
  const sample = sampleConformance();
  const run = { ...sample.run, errors: ['globalTeardown failed'] };
  expect(exitCodeOf({ ...sample, run, checks: [sampleCheck()] })).toBe(3);
});

test('Never claims more in a result than its test proved', () => {
  const pass = sampleCheck();
  const attached = examinedOf(pass);
  const verdict = (...[given, status, said = '']: [unknown, Ending['status'], string?]) =>
    withVerdict(NAME, 'istio', given, { status, said }, 1);
  expect(verdict(attached, 'passed')).toEqual(pass);
  expect(verdict(attached, 'failed', 'left over')).toMatchObject({
    verdict: 'INCONCLUSIVE',
    id: pass.id,
    reason: expect.stringContaining('left over'),
  });
  expect(verdict({ ...attached, facts: { ...attached.facts, control: { state: 'green', reason: '' } } }, 'passed').verdict).toBe('INVALID');
  expect(verdict(examinedOf({ ...pass, verdict: 'FAIL' }), 'passed').verdict).toBe('FAIL');
  expect(verdict(examinedOf({ ...pass, verdict: 'UNSUPPORTED' }), 'failed').verdict).toBe('INCONCLUSIVE');
  expect(verdict(undefined, 'passed')).toMatchObject({ verdict: 'INCONCLUSIVE', id: 'a/b', control: 'skipped' });
  expect(verdict({ ...attached, extra: 1 }, 'passed').verdict).toBe('INCONCLUSIVE');
  expect(verdict(pass, 'passed').verdict, 'a verdict is not a fact').toBe('INCONCLUSIVE');
});

test('Names a check by its path', () => {
  expect(checkNameOf('/some/where/suites/routing/canary-header.spec.ts', 't')).toEqual({
    id: 'routing/canary-header',
    suite: 'routing',
    title: 't',
  });
  expect(checkNameOf('/some/where/suites/cluster.setup.ts', 't')).toBeUndefined();
});

test('Merges shards into the unsharded report, except for times', () => {
  const check = fc.record({
    id: fc.constantFrom('a/one', 'a/two', 'b/one', 'c/x'),
    mesh: fc.constantFrom('istio', 'linkerd'),
    verdict: fc.constantFrom(...VERDICTS),
    reason: fc.string(),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(check, { selector: ({ id, mesh }) => `${id} ${mesh}` }),
      fc.integer({ min: 1, max: 4 }),
      (changes, shards) => {
        const whole = { ...sampleConformance(), checks: inOrder(changes.map((change) => sampleCheck(change))) };
        const parts = Array.from({ length: shards }, (_, shard) => {
          const mine = (index: number) => index % shards === shard;
          const others = whole.checks.filter((_check, index) => !mine(index)).map(({ id, mesh }) => ({ id, mesh }));
          return {
            ...whole,
            checks: whole.checks.filter((_check, index) => mine(index)),
            notChosen: [...(whole.notChosen ?? []), ...others],
          };
        });
        expect(mergeConformance(parts.toReversed())).toEqual(whole);
      },
    ),
  );
});

test('Keeps what differs between shards, and the longest time of each stage', () => {
  const one = sampleConformance();
  const other = {
    ...one,
    run: { ...one.run, id: 'other', durationMs: 99_000, versions: { istio: '1.30.0' }, errors: ['late'] },
    timings: { ...one.timings, engineMs: 5, meshMs: 1 },
  };
  const merged = mergeConformance([one, other]);
  expect(merged.run).toEqual({
    ...one.run,
    id: '3f9a0c1d+other',
    durationMs: 99_000,
    versions: { istio: '1.31.0 | 1.30.0', node: '24.21.0' },
    errors: ['late'],
  });
  expect(merged.timings).toEqual({ ...one.timings, engineMs: 5 });
  expect(merged.checks).toHaveLength(12);
  expect(() => mergeConformance([])).toThrow('no conformance report');
});
