import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as plain } from '@playwright/test';

import { FACTS } from '../../clusters/istio/facts.ts';
import type { Actors } from '../../fixtures/rig/actors.ts';
import type { Rig } from '../../fixtures/rig/rig.ts';
import type { Ending, LedgerEntry } from '../../fixtures/agent/protocol.ts';
import type { MustFail } from '../../fixtures/check/must-fail.ts';
import type { Details } from '../../fixtures/check/definition.ts';
import { verdictOf } from '../../fixtures/contract/verdict.ts';
import { examine } from '../../fixtures/check/examine.ts';
import { checkOnRig } from '../../fixtures/check/manifests.ts';
import type { CheckFiles } from '../../fixtures/contract/catalogue.ts';
import { expect } from '../../fixtures/expect.ts';
import { answered, ENVOY, historyOf, reset, times } from '../matchers/histories.ts';
import { SAMPLES } from '../rigs/samples.ts';
import { SETTINGS } from '../rigs/stand-in-rigs.ts';

/** A rig without configuration. The caller's name shows which run it is: under the control the unmeshed caller replaces the caller. */
const rig = {
  namespace: 'rig',
  cluster: { provider: 'kind' },
  pods: [],
  actors: { caller: 'caller', unmeshedCaller: 'unmeshedCaller' },
  samples: async () => SAMPLES,
  agents: new Map(),
  externalServices: { objects: [] },
  faults: { declare: () => undefined, revertAll: async () => undefined },
  api: { remove: async () => undefined, events: async () => [], list: async () => [] },
  changes: {
    apply: async () => [],
    assertOpen: () => undefined,
    journal: { clear: async () => undefined, requireHeld: async () => undefined },
  },
  settings: { ...SETTINGS, rootNamespace: 'root' },
  mesh: {
    facts: FACTS,
    injector: { outages: async () => [] },
    converge: async () => ({ enforcedMs: 2, stages: {} }),
    diagnostics: async () => ({}),
    circumstances: async () => ({ settle: (objects: readonly unknown[]) => [...objects], opaque: [] }),
  },
  reset: async () => undefined,
  replace: async () => undefined,
} as unknown as Rig;

const test = plain.extend<{ report: string }>({
  report: [
    async ({}, use) => {
      const report = await mkdtemp(join(tmpdir(), 'meshproof-control-'));
      process.env['MESHPROOF_REPORT'] = report;
      await use(report);
      delete process.env['MESHPROOF_REPORT'];
      await rm(report, { recursive: true });
    },
    { auto: true },
  ],
});

/** Runs a check whose control must make these matchers fail; the body is told which run it is. */
async function run(mustFail: MustFail, body: (isTrue: boolean) => void) {
  const place: CheckFiles = {
    id: 'a/b',
    suite: 'a',
    stem: 'b',
    spec: '/a/b.spec.ts',
    manifest: undefined,
    control: undefined,
    change: undefined,
  };
  const details: Details = { control: { because: 'the unmeshed caller calls', mustFail, swap: { caller: 'unmeshedCaller' } } };
  const told = async ({ caller }: Actors) => body((caller as unknown as string) === 'caller');
  const onRig = checkOnRig({ place, details, rig });
  const { result } = await examine({ ...onRig, body: told, withControl: true, limitMs: 0, patienceMs: 0, info: plain.info() });
  return { ...result, ...verdictOf(result.facts) };
}

const ledger = (...ids: string[]): LedgerEntry[] => ids.map((id) => ({ id }) as LedgerEntry);

test('Requires every assertion by a named matcher to fail in the control, however often it is evaluated', async () => {
  const named: MustFail = { toBeEmpty: 'delivered' };
  const passed = await run(named, (isTrue) => {
    for (const _ of ['first', 'second', 'third']) expect(isTrue ? [] : ledger('stray')).toBeEmpty();
    expect(historyOf([answered()])).toSucceed();
  });
  expect(passed).toMatchObject({ verdict: 'PASS', control: 'red' });
  expect(passed.controlFindings).toMatchObject([{ matcher: 'toBeEmpty', observed: expect.stringContaining('stray') }]);
  const [loop, single] = passed.judgements ?? [];
  expect([loop, single]).toMatchObject([
    { matcher: 'toBeEmpty', judged: 3, red: 3 },
    { matcher: 'toSucceed', judged: 1, red: 0 },
  ]);
  expect((single?.line ?? 0) - (loop?.line ?? 0)).toBe(1);

  const inPart = await run(named, (isTrue) => {
    expect(isTrue ? [] : ledger('stray')).toBeEmpty();
    expect([]).toBeEmpty();
  });
  expect(inPart).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(inPart.reason).toContain('stayed green in toBeEmpty (1 of 2 red)');

  // The check evaluates more assertions than its control, and those that never failed are not proven.
  const longer = await run(named, (isTrue) => {
    for (let i = 0; i < (isTrue ? 2 : 1); i++) expect(isTrue ? [] : ledger('stray')).toBeEmpty();
  });
  expect(longer).toMatchObject({ verdict: 'INVALID' });

  // A mesh may be so broken that the control is only partly red. An assertion that failed in it counts if it fails again.
  const broken = await run(named, () => {
    expect(ledger('stray')).toBeEmpty();
    expect([]).toBeEmpty();
  });
  expect(broken).toMatchObject({ verdict: 'FAIL', control: 'red' });
});

test('Requires only the given number of failures, and ends the control there', async () => {
  const judged: string[] = [];
  const body = (isTrue: boolean) => {
    for (const path of ['/api', '/admin', '/public']) {
      judged.push(`${isTrue} ${path}`);
      expect(isTrue || path === '/api' ? [] : ledger(path)).toBeEmpty();
    }
  };
  const once = await run({ toBeEmpty: { delivered: 1 } }, body);
  expect(once).toMatchObject({ verdict: 'PASS', control: 'red', judgements: [{ matcher: 'toBeEmpty', judged: 3, red: 1 }] });
  expect(judged.join(', ')).toBe('false /api, false /admin, true /api, true /admin, true /public');

  const tooFew = await run({ toBeEmpty: { delivered: 3 } }, body);
  expect(tooFew).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(tooFew.reason).toContain('toBeEmpty (2 of 3 red by delivered)');
});

test('Proves nothing by a control that fails for another reason', async () => {
  const judging = (underControl: readonly Ending[], otherwise: readonly Ending[] = times(50, reset)) =>
    run({ toBeDenied: 'answered 200' }, (isTrue) => expect(historyOf(isTrue ? otherwise : underControl)).toBeDenied({ by: 'transport' }));
  // The control has no effect, and a pod was not ready for a moment.
  const stray = await judging([...times(49, reset), ENVOY.unhealthy]);
  expect(stray).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(stray.reason).toContain('the control went red, but by 1× answered 503 UH, not by answered 200, in toBeDenied');
  // A mesh so broken that the check fails either way has failed, and the check was seen to fail.
  const broken = times(50, ENVOY.unhealthy);
  expect(await judging(broken, broken)).toMatchObject({ verdict: 'FAIL', control: 'red' });
  // The control did break what it was meant to, apart from a few strays.
  expect(await judging([...times(48, answered()), ...times(2, ENVOY.unhealthy)])).toMatchObject({ verdict: 'PASS', control: 'red' });
});

test('Accepts a control that was interrupted after everything had failed', async () => {
  for (const more of [historyOf([]), historyOf([reset])]) {
    const result = await run({ toBeEmpty: 'delivered' }, (isTrue) => {
      expect(isTrue ? [] : ledger('stray')).toBeEmpty();
      if (!isTrue) expect(more).toSucceed();
    });
    expect(result).toMatchObject({ verdict: 'PASS', control: 'red' });
  }
});
