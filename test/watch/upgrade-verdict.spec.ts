import { expect, test } from '@playwright/test';

import type { UpgradeStep } from '../../fixtures/contract/upgrade.ts';
import type { WatchedClass } from '../../fixtures/contract/watch.ts';
import { upgradeVerdict, type Observed } from '../../fixtures/watch/upgrade-verdict.ts';
import { watchedClass } from './watched-class.ts';

type Step = Observed['steps'][number];

const watched = (name: string, some: Partial<WatchedClass> = {}): WatchedClass =>
  watchedClass({
    name,
    promise: ['denied', 'invalid'].includes(name) ? 'refused' : name === 'api' ? 'told' : 'answered',
    asked: 250,
    ...some,
  });
const NAMES = ['kept', 'denied', 'pod', 'invalid', 'api'];
const ALL = NAMES.map((name) => watched(name));

/** A step in which some classes differ from what is promised. */
const step = (name: string, kind: UpgradeStep['kind'], different: Record<string, Partial<WatchedClass>> = {}): Step => ({
  name,
  kind,
  direction: kind === 'untouched' || name === 'control' ? 'before' : 'forward',
  classes: NAMES.map((of) => watched(of, different[of])),
});
const failed = (outageMs: number): Partial<WatchedClass> => ({ bad: Math.ceil(outageMs / 100), outageMs });

/** An upgrade whose control has an outage of 0.5 s, with other steps in place of some of its own. */
function upgrade(replaced: readonly Step[] = [], some: Partial<Observed> = {}): Observed {
  const steps = [
    step('before', 'untouched'),
    step('control', 'control', { kept: failed(500) }),
    step('install', 'change'),
    step('hold', 'hold'),
    step('restart', 'restart', { kept: failed(400) }),
    step('again', 'control'),
    step('end', 'hold'),
  ].map((one) => replaced.find(({ name }) => name === one.name) ?? one);
  return { steps, classes: ALL, lost: new Map(), budgetMs: 0, broken: [], regressed: [], unproven: [], stopped: undefined, ...some };
}

/** What happens, the verdict, and a part of its first reason. */
const CASES: readonly [string, Observed, ReturnType<typeof upgradeVerdict>['verdict'], RegExp][] = [
  ['nothing fails but in restarts', upgrade(), 'GO', /while no pod was restarted, none failed.*during restarts, 4 failed.*all 2500/],
  [
    'pods are refused while the control plane is replaced',
    upgrade([step('install', 'change', { pod: { asked: 9, bad: 4, outageMs: 4_000 } })]),
    'NO-GO',
    /in the step "install": pod: 4 of 9 failed.*4 s.*; the budget is 0 s/,
  ],
  ['they are refused within the budget', upgrade([step('install', 'change', { pod: failed(4_000) })], { budgetMs: 4_000 }), 'GO', /./],
  ['requests fail after a change', upgrade([step('hold', 'hold', { kept: failed(100) })]), 'NO-GO', /"hold": kept/],
  ['a restart fails as much as the control may', upgrade([step('restart', 'restart', { kept: failed(3_000) })]), 'GO', /./],
  ['a restart fails more', upgrade([step('restart', 'restart', { kept: failed(3_100) })]), 'NO-GO', /"restart": kept: 31 of 250.*is 3 s/],
  [
    'a restart fails more, but so does the control after it',
    upgrade([step('restart', 'restart', { kept: failed(3_100) }), step('again', 'control', { kept: failed(600) })]),
    'GO',
    /./,
  ],
  ['pods are refused in the control after it', upgrade([step('again', 'control', { pod: failed(100) })]), 'NO-GO', /"again": pod/],
  ['a denied caller is let in by the control after it', upgrade([step('again', 'control', { denied: failed(100) })]), 'NO-GO', /"again"/],
  ['pods are refused in a restart', upgrade([step('restart', 'restart', { pod: failed(1_000) })]), 'NO-GO', /"restart": pod/],
  ['a denied caller is let in', upgrade([step('end', 'hold', { denied: failed(100) })]), 'NO-GO', /"end": denied: 1 of 250.*let through/],
  ['the version is not reached', upgrade([], { broken: ['waited 60 s for only 1.31 to run'] }), 'NO-GO', /waited 60 s/],
  ['a check fails that passed before', upgrade([], { regressed: ['security/a passed before'] }), 'NO-GO', /security\/a passed before/],
  ['checks did not complete', upgrade([], { unproven: ['the checks before the upgrade: no'] }), 'NOT KNOWN', /^the checks before/],
  ['it is stopped', upgrade([], { stopped: { why: 'istioctl failed', isInterrupted: false } }), 'NOT KNOWN', /istioctl failed/],
  [
    'a change fails after requests were lost',
    upgrade([step('hold', 'hold', { kept: failed(100) })], { stopped: { why: 'istioctl failed', isInterrupted: false } }),
    'NO-GO',
    /"hold": kept/,
  ],
  [
    'it is interrupted, whatever failed then',
    upgrade([step('hold', 'hold', { kept: failed(100) })], { stopped: { why: 'by SIGINT', isInterrupted: true } }),
    'NOT KNOWN',
    /by SIGINT/,
  ],
  ['the API server is away', upgrade([step('install', 'change', { api: failed(9_000) })]), 'GO', /./],
  [
    'requests fail before it',
    upgrade([step('before', 'untouched', { kept: failed(100) })]),
    'NOT KNOWN',
    /"before": kept: 1 of 250 failed/,
  ],
  [
    'pods are refused in the control, and in the upgrade',
    upgrade([step('control', 'control', { pod: failed(1_000) }), step('install', 'change', { pod: failed(1_000) })]),
    'NOT KNOWN',
    /"control": pod/,
  ],
  ['a denied caller is let in by the control', upgrade([step('control', 'control', { denied: failed(100) })]), 'NOT KNOWN', /"control"/],
  ['there is no control', upgrade([], { steps: [step('restart', 'restart')] }), 'NOT KNOWN', /nothing to compare with/],
  ['a restart is too short', upgrade([step('restart', 'restart', { kept: { asked: 19 } })]), 'NOT KNOWN', /"restart": kept: only 19/],
  ['a class was hardly watched', upgrade([], { classes: [watched('kept', { measured: 0.8 })] }), 'NOT KNOWN', /kept was watched/],
  ['outcomes are lost', upgrade([], { lost: new Map([['caller', 3]]) }), 'NOT KNOWN', /overwrote 3 outcomes/],
];

for (const [what, observed, verdict, reason] of CASES) {
  test(`Is ${verdict} if ${what}`, () => {
    const found = upgradeVerdict(observed);
    expect(found.reasons[0]).toMatch(reason);
    expect(found.verdict).toBe(verdict);
  });
}

test('Gives the reasons by their weight, whatever their outage times, and those of one weight by their outage times', () => {
  const steps = [
    step('install', 'change', { invalid: failed(300), pod: failed(9_000), kept: failed(100) }),
    step('restart', 'restart', { kept: failed(20_000) }),
    step('hold', 'hold', { kept: failed(200) }),
    step('end', 'hold', { denied: failed(100) }),
  ];
  const stopped = { why: 'stopped', isInterrupted: false };
  const { verdict, reasons } = upgradeVerdict(upgrade(steps, { broken: ['not reached'], regressed: ['a check fails'], stopped }));
  expect(verdict).toBe('NO-GO');
  expect(reasons.map((reason) => /"\w+": \w+|not reached|a check fails|stopped/.exec(reason)?.[0])).toEqual([
    '"hold": kept',
    '"install": kept',
    '"end": denied',
    '"install": pod',
    '"install": invalid',
    '"restart": kept',
    'not reached',
    'a check fails',
    'stopped',
  ]);
});
