import { expect, test } from '@playwright/test';

import type { CheckResult } from '../../fixtures/contract/result.ts';
import { behaviourOf, type Recorded } from '../../scripts/run/upgrade-behaviour.ts';
import { sampleCheck, sampleConformance } from '../reporters/samples.ts';

const check = (id: string, verdict: CheckResult['verdict'], some: Partial<CheckResult> = {}) =>
  sampleCheck({ id, verdict, evidence: [], statistics: [], ...some });
const run = (at: Recorded['at'], checks: CheckResult[], errors: string[] = []): Recorded => {
  const conformance = sampleConformance();
  const judged = { ...conformance, checks, notChosen: [], run: { ...conformance.run, errors } };
  return { at, run: { folder: `/report/upgrade/${at}`, conformance: judged } };
};

test('Says nothing without checks, and of checks that stay as they were', async () => {
  expect(await behaviourOf([], '/report')).toEqual({ stations: [], changed: [], regressed: [], unproven: [] });
  const same = [check('a/one', 'PASS'), check('a/two', 'FAIL'), check('a/three', 'UNSUPPORTED')];
  const behaviour = await behaviourOf([run('before', same), run('after', same)], '/report');
  expect(behaviour).toMatchObject({ changed: [], regressed: [], unproven: [] });
  expect(behaviour.stations).toEqual([
    { at: 'before', checks: { folder: 'upgrade/before', verdicts: { PASS: 1, FAIL: 1, UNSUPPORTED: 1 }, errors: [] } },
    { at: 'after', checks: { folder: 'upgrade/after', verdicts: { PASS: 1, FAIL: 1, UNSUPPORTED: 1 }, errors: [] } },
  ]);
});

test('Counts a check against the upgrade only if it passed before and fails now; other differences are listed', async () => {
  const before = [check('a/one', 'PASS', { enforcementMs: 100 }), check('a/two', 'PASS'), check('a/three', 'INCONCLUSIVE')];
  const after = [
    check('a/one', 'PASS', { enforcementMs: 5_000 }),
    check('a/two', 'FAIL', { title: 'Two holds', reason: 'it does not' }),
    check('a/three', 'FAIL'),
  ];
  const behaviour = await behaviourOf([run('before', before), run('after', after), run('rollback', before)], '/report');
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

test('Lists settings of the proxies that differ, also those that only one of them has', async () => {
  const recorded: Recorded[] = [
    { at: 'before', defaults: { 'route.timeout': '0s', 'cluster.a': '1', same: '1' } },
    { at: 'after', defaults: { 'route.timeout': '15s', 'cluster.b': '2', same: '1' } },
    { at: 'rollback', unread: 'no answer' },
  ];
  const { changed, stations } = await behaviourOf(recorded, '/report');
  expect(changed).toEqual([
    { at: 'after', what: 'default', of: 'cluster.a', before: '1', now: 'not set' },
    { at: 'after', what: 'default', of: 'cluster.b', before: 'not set', now: '2' },
    { at: 'after', what: 'default', of: 'route.timeout', before: '0s', now: '15s' },
  ]);
  expect(stations).toEqual(recorded);
});
