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
import type { CheckFiles } from '../../fixtures/contract/catalogue.ts';
import { expect } from '../../fixtures/expect.ts';
import { answered, ENVOY, historyOf, reset, times } from '../matchers/histories.ts';
import { SAMPLES } from '../rigs/samples.ts';
import { SETTINGS } from '../rigs/stand-in-rigs.ts';

/** A rig with nothing to configure. Who calls says which run it is: under the control the unmeshed caller is in the caller's place. */
const rig = {
  namespace: 'rig',
  cluster: { provider: 'kind' },
  pods: [],
  actors: { caller: 'caller', unmeshedCaller: 'unmeshedCaller' },
  samples: async () => SAMPLES,
  agents: new Map(),
  externalServices: { objects: [] },
  faults: { revertAll: async () => undefined },
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

/** Runs a check whose control must turn these red; the body is told which run it is. */
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
  const { result } = await examine({ place, details, rig, body: told, withControl: true, limitMs: 0, patienceMs: 0, info: plain.info() });
  return { ...result, ...verdictOf(result.facts) };
}

const ledger = (...ids: string[]): LedgerEntry[] => ids.map((id) => ({ id }) as LedgerEntry);

test('every judgement by a named matcher must be red in the control, however often the body comes by', async () => {
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

  // The check judges more often than its control did: what was never seen red is not proven.
  const longer = await run(named, (isTrue) => {
    for (let i = 0; i < (isTrue ? 2 : 1); i++) expect(isTrue ? [] : ledger('stray')).toBeEmpty();
  });
  expect(longer).toMatchObject({ verdict: 'INVALID' });

  // A mesh may be so broken that the control cannot turn all of it red. What was red once is believed when it is red again.
  const broken = await run(named, () => {
    expect(ledger('stray')).toBeEmpty();
    expect([]).toBeEmpty();
  });
  expect(broken).toMatchObject({ verdict: 'FAIL', control: 'red' });
});

test('where a part stays green under the control a number says how much of it must not, and the control ends there', async () => {
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

test('a control that is red for another reason than it names proves nothing', async () => {
  const judging = (underControl: readonly Ending[], otherwise: readonly Ending[] = times(50, reset)) =>
    run({ toBeDenied: 'answered 200' }, (isTrue) => expect(historyOf(isTrue ? otherwise : underControl)).toBeDenied({ by: 'transport' }));
  // The control does nothing, and a pod was not ready for a moment.
  const stray = await judging([...times(49, reset), ENVOY.unhealthy]);
  expect(stray).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(stray.reason).toContain('the control went red, but by 1× answered 503 UH, not by answered 200, in toBeDenied');
  // A mesh so broken that it fails either way has failed, and the check was seen to.
  const broken = times(50, ENVOY.unhealthy);
  expect(await judging(broken, broken)).toMatchObject({ verdict: 'FAIL', control: 'red' });
  // What was to be broken was, beside a few strays.
  expect(await judging([...times(48, answered()), ...times(2, ENVOY.unhealthy)])).toMatchObject({ verdict: 'PASS', control: 'red' });
});

test('what stops the body after all was red takes nothing from the control', async () => {
  for (const more of [historyOf([]), historyOf([reset])]) {
    const result = await run({ toBeEmpty: 'delivered' }, (isTrue) => {
      expect(isTrue ? [] : ledger('stray')).toBeEmpty();
      if (!isTrue) expect(more).toSucceed();
    });
    expect(result).toMatchObject({ verdict: 'PASS', control: 'red' });
  }
});
