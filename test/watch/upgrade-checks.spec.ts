import { expect, test } from '@playwright/test';

import type { CheckResult } from '../../fixtures/contract/result.ts';
import { behaviourOf, type CheckedRun } from '../../scripts/run/upgrade-checks.ts';
import { sampleCheck, sampleConformance } from '../reporters/samples.ts';

const check = (id: string, verdict: CheckResult['verdict'], some: Partial<CheckResult> = {}) =>
  sampleCheck({ id, verdict, evidence: [], statistics: [], ...some });
const run = (at: CheckedRun['at'], checks: CheckResult[], errors: string[] = []): CheckedRun => {
  const conformance = sampleConformance();
  return {
    at,
    folder: `/report/upgrade/${at}`,
    conformance: { ...conformance, checks, notChosen: [], run: { ...conformance.run, errors } },
  };
};

test('Says nothing without checks, and of checks that stay as they were', async () => {
  expect(await behaviourOf([], '/report')).toEqual({ checks: [], changed: [], regressed: [], unproven: [] });
  const same = [check('a/one', 'PASS'), check('a/two', 'FAIL'), check('a/three', 'UNSUPPORTED')];
  const behaviour = await behaviourOf([run('before', same), run('after', same)], '/report');
  expect(behaviour).toMatchObject({ changed: [], regressed: [], unproven: [] });
  expect(behaviour.checks).toEqual([
    { at: 'before', folder: 'upgrade/before', verdicts: { PASS: 1, FAIL: 1, UNSUPPORTED: 1 }, errors: [] },
    { at: 'after', folder: 'upgrade/after', verdicts: { PASS: 1, FAIL: 1, UNSUPPORTED: 1 }, errors: [] },
  ]);
});

test('Counts a check against the upgrade only if it passed before and fails now; other differences are listed', async () => {
  const before = [check('a/one', 'PASS', { enforcementMs: 100 }), check('a/two', 'PASS'), check('a/three', 'INCONCLUSIVE')];
  const after = [
    check('a/one', 'PASS', { enforcementMs: 5_000 }),
    check('a/two', 'FAIL', { title: 'Two holds', reason: 'it does not' }),
    check('a/three', 'FAIL'),
  ];
  const behaviour = await behaviourOf([run('before', before), run('after', after), run('way back', before)], '/report');
  expect(behaviour.regressed).toEqual(['a/two passed before the upgrade and fails after the upgrade (Two holds): it does not']);
  expect(behaviour.changed).toEqual([
    { at: 'after', what: 'verdict', of: 'a/three', before: 'INCONCLUSIVE', now: 'FAIL' },
    { at: 'after', what: 'verdict', of: 'a/two', before: 'PASS', now: 'FAIL' },
    { at: 'after', what: 'enforcement time', of: 'a/one', before: '100 ms', now: '5000 ms' },
  ]);
});

test('Says that a run proves less if it had errors outside of its checks', async () => {
  const { unproven } = await behaviourOf([run('before', []), run('after', [], ['no cluster'])], '/report');
  expect(unproven).toEqual(['the checks after the upgrade: no cluster']);
});
