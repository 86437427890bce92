import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect as base, test as plain } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import type { History } from '../../fixtures/agent/protocol.ts';
import { currentRecord } from '../../fixtures/evidence/record.ts';
import type { Actors } from '../../fixtures/rig/actors.ts';
import { Inconclusive } from '../../fixtures/check/attempt.ts';
import type { MustFail } from '../../fixtures/check/must-fail.ts';
import type { Details } from '../../fixtures/check/definition.ts';
import { filesOf, specAt, type CheckFiles } from '../../fixtures/contract/catalogue.ts';
import { verdictOf } from '../../fixtures/contract/verdict.ts';
import { examine } from '../../fixtures/check/examine.ts';
import { checkOnRig } from '../../fixtures/check/manifests.ts';
import { glue } from '../../fixtures/expect.ts';
import type { Judgement } from '../../fixtures/matchers/index.ts';
import { StandInRig } from './stand-in-rig.ts';

const toHold = (mode: string | undefined): Judgement<string> => ({
  pass: mode === 'STRICT',
  expected: 'the mode is STRICT',
  observed: `the mode is ${mode}`,
  confidence: 'exact',
  against: [{ kind: mode ?? 'none', count: 1 }],
});
const toExist = (mode: string | undefined): Judgement<string> => ({
  pass: mode !== undefined,
  expected: 'there is a mode',
  observed: 'there is nothing',
  confidence: 'exact',
});

/** Fails like the matchers of the suites. */
const expect = base.extend(glue({ toHold, toExist }));
const LIMITS = { limitMs: 90_000, patienceMs: 0 };
/** What a control makes fail, with matchers that only this test has. */
const breaking = (own: Record<string, unknown>): MustFail => own;

const manifest = (mode: string) => `kind: PeerAuthentication\nmetadata: {name: strict}\nspec: {mtls: {mode: ${mode}}}\n`;

const test = plain.extend<{ place: CheckFiles; standIn: StandInRig }>({
  place: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'meshproof-check-'));
    process.env['MESHPROOF_REPORT'] = join(folder, 'report');
    const suite = join(folder, 'security');
    await mkdir(suite);
    await writeFile(join(suite, 'strict.istio.yaml'), `apiVersion: security.istio.io/v1\n${manifest('STRICT')}`);
    await writeFile(join(suite, 'strict.istio.control.yaml'), manifest('PERMISSIVE'));
    const spec = specAt(join(suite, 'strict.spec.ts'));
    if (spec !== undefined) await use(filesOf(spec, 'istio'));
    delete process.env['MESHPROOF_REPORT'];
    await rm(folder, { recursive: true });
  },
  standIn: async ({}, use) => use(new StandInRig()),
});

const details: Details = { control: { because: 'the mode is PERMISSIVE', mustFail: breaking({ toHold: 'PERMISSIVE' }) } };
const run = async (
  place: CheckFiles,
  { rig }: StandInRig,
  body: (actors: Actors) => Promise<void>,
  more: Partial<{ details: Details; withControl: boolean; limitMs: number }> = {},
) => {
  const onRig = checkOnRig({ place, details: more.details ?? details, rig });
  const { result, error } = await examine({ ...onRig, body, withControl: true, ...LIMITS, info: plain.info(), ...more });
  return { result: { ...result, ...verdictOf(result.facts) }, error };
};

test('Passes a check that fails under its control and holds otherwise, and leaves nothing', async ({ place, standIn }) => {
  const { result, error } = await run(place, standIn, async () => expect(standIn.mode).toHold());
  expect(error).toBeUndefined();
  expect(result).toMatchObject({
    verdict: 'PASS',
    control: 'red',
    controlFindings: [{ matcher: 'toHold', observed: 'the mode is PERMISSIVE' }],
    enforcementMs: 2,
    reason: '',
  });
  expect(standIn.log.join(', ')).toBe(
    [
      'apply PeerAuthentication/strict PERMISSIVE, converge, reset',
      'apply PeerAuthentication/strict STRICT, converge, reset',
      'revert faults, remove PeerAuthentication/strict, converge, reset',
    ].join(', '),
  );
});

test('Makes a check INVALID if its control does not fail, without running the true manifest', async ({ place, standIn }) => {
  const { result, error } = await run(place, standIn, async () => expect(standIn.mode).toExist());
  expect(result).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(error?.message).toContain('this check cannot fail');
  expect(standIn.log).not.toContain('apply PeerAuthentication/strict STRICT');
  expect(standIn.objects.size).toBe(0);
});

/** Plain requests that were answered late, which only the machine can have delayed. */
const stall = (): void => currentRecord()?.sentBeside({ outcomes: [{ dueMs: 0, answeredMs: 1_300 }] } as unknown as History);

for (const [first, second, verdict] of [
  ['DISABLE', 'STRICT', 'PASS'],
  ['STRICT', 'DISABLE', 'FAIL'],
] as const) {
  test(`Measures again if the machine was late, and judges only the second outcome: ${verdict}`, async ({ place, standIn }) => {
    const shown: (string | undefined)[] = [];
    const { result } = await run(place, standIn, async () => {
      shown.push(standIn.mode);
      const isFirst = shown.length % 2 === 1;
      if (isFirst) stall();
      expect(standIn.mode === 'STRICT' ? (isFirst ? first : second) : standIn.mode).toHold();
    });
    base(shown).toEqual(['PERMISSIVE', 'PERMISSIVE', 'STRICT', 'STRICT']);
    base(result).toMatchObject({ verdict, control: 'red', judgements: [{ matcher: 'toHold', judged: 1, red: 1 }] });
    base(result.warnings).toEqual([
      {
        phase: 'control',
        object: 'measurement',
        said: base.stringContaining('plain requests sent at the same time were answered 1.3 s late'),
      },
      { phase: 'check', object: 'measurement', said: base.stringContaining('the first one was not judged') },
    ]);
  });
}

test('Judges nothing if the machine did not keep up the second time either', async ({ place, standIn }) => {
  let runs = 0;
  const { result } = await run(place, standIn, async () => {
    runs++;
    if (standIn.mode === 'STRICT') stall();
    expect(standIn.mode === 'STRICT' ? 'DISABLE' : standIn.mode).toHold();
  });
  base(runs).toBe(3);
  base(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: base.stringContaining('the machine did not keep up') });
});

test('Proves nothing by a control that fails in another matcher', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(undefined).toExist();
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(result.reason).toContain('the control went red, but in toExist, not in toHold');
});

test('Never turns a failure of a tool into a statement about the mesh', async ({ place, standIn }) => {
  const underControl = await run(place, standIn, async () => {
    throw new Error('no such host');
  });
  expect(underControl.result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });

  const later = await run(place, standIn, async () => {
    expect(standIn.mode).toHold();
    throw new Inconclusive('too few outcomes');
  });
  expect(later.result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'red', reason: 'too few outcomes' });
});

test("Never turns the runner's own matchers into a statement about the mesh", async ({ place, standIn }) => {
  const unreachable = (): Promise<unknown> => Promise.reject(new MeshproofError('API_UNREACHABLE', 'the API server is gone'));
  for (const no of [
    async () => base(unreachable()).rejects.toThrow(/RATE_LIMIT_REMAINING/),
    async () => base(unreachable()).resolves.toBe(1),
    () => base([1]).toHaveLength(0),
    () => base({ mode: standIn.mode }).toEqual({}),
  ]) {
    const { result } = await run(place, standIn, async () => no(), { withControl: false });
    base(result.verdict).toBe('INCONCLUSIVE');
    base(result.reason).toContain('states nothing about the mesh');
  }
});

test('Fails in the words of the matcher if the mesh breaks its promise', async ({ place, standIn }) => {
  let runs = 0;
  const { result, error } = await run(place, standIn, async () => expect(runs++ === 0 ? 'PERMISSIVE' : 'DISABLE').toHold());
  expect(result).toMatchObject({
    verdict: 'FAIL',
    control: 'red',
    reason: 'toHold does not hold',
    finding: { observed: 'the mode is DISABLE' },
  });
  expect(error?.message).toContain('the mode is DISABLE');
  expect(standIn.objects.size).toBe(0);
});

test('Proves nothing without a control', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => expect(standIn.mode).toHold(), { withControl: false });
  expect(result).toMatchObject({ verdict: 'PASS', control: 'skipped' });
});

test('Swaps who acts, not what is configured', async ({ place, standIn }) => {
  const swap: Details = {
    control: { because: 'the unmeshed caller calls', mustFail: breaking({ toHold: 'PERMISSIVE' }), swap: { caller: 'unmeshedCaller' } },
  };
  const callers: unknown[] = [];
  await run(
    { ...place, control: undefined },
    standIn,
    async ({ caller }) => {
      callers.push(caller);
      expect(callers.length === 1 ? 'PERMISSIVE' : standIn.mode).toHold();
    },
    { details: swap },
  );
  expect(callers).toEqual(['unmeshedCaller', 'caller']);
  expect(standIn.log.filter((line) => line.startsWith('apply'))).toEqual(Array(2).fill('apply PeerAuthentication/strict STRICT'));
});

test('Withholds a PASS if the rig cannot be cleaned up', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(standIn.mode).toHold();
    standIn.refusesRemoval = true;
  });
  expect(result.verdict).toBe('INCONCLUSIVE');
  expect(result.reason).toContain('the API server is gone');
  expect(standIn.log.at(-1)).toBe('replace');
});

test('Gives up a body at its time limit, after which it cannot change anything', async ({ place, standIn }) => {
  const never = new Promise<void>(() => undefined);
  const { result } = await run(place, standIn, () => never, { limitMs: 400 });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(result.reason).toContain('not done within');
  const said = standIn.log.map((line) => line.replace(/: .*/, '')).join(', ');
  // Faults are reverted before the configuration is removed.
  expect(said).toMatch(/no more faults, closed, revert faults, remove PeerAuthentication\/strict, converge, reset$/);
  expect(standIn.objects.size).toBe(0);
});

test('Runs a body for as long as it takes without a limit', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => expect(standIn.mode).toHold(), { limitMs: 0 });
  expect(result.verdict).toBe('PASS');
});

test('Keeps the verdict and cleans up the rig if the report cannot be written', async ({ place, standIn }) => {
  const report = process.env['MESHPROOF_REPORT'] ?? '';
  await writeFile(report, 'a file, and no folder');
  const { result, error } = await run(place, standIn, async () => {
    currentRecord()?.history('caller → server', { outcomes: [] } as unknown as History);
    expect(standIn.mode === 'STRICT' ? 'DISABLE' : standIn.mode).toHold();
  });
  expect(result).toMatchObject({
    verdict: 'FAIL',
    reason: expect.stringMatching(/^toHold does not hold; evidence could not be written: E/),
  });
  expect(error?.message).toContain('the mode is DISABLE');
  expect(standIn.objects.size).toBe(0);
  expect(standIn.log.at(-1)).toBe('reset');
});

test('Measures nothing if a webhook of others alters what is applied', async ({ place, standIn }) => {
  standIn.admits = (object) => ({ ...object, spec: { mtls: { mode: 'DISABLE' }, selector: { matchLabels: { added: 'by others' } } } });
  const { result } = await run(place, standIn, () => Promise.reject(new Error('it was measured')), { withControl: false });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: expect.stringContaining('spec.mtls.mode is "DISABLE", not "STRICT"') });
  expect(standIn.objects.size).toBe(0);
});

test('Makes no statement about the mesh if others change what was applied', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    if (standIn.mode === 'STRICT')
      for (const [key, object] of standIn.objects) standIn.objects.set(key, { ...object, spec: { mtls: { mode: '' } } });
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: expect.stringContaining('rig/strict was changed by') });
});

test("Applies overrides of the owner's configuration with the check's own, and removes them with it", async ({ place, standIn }) => {
  const metadata = { name: 'remedy', namespace: 'rig' };
  const remedy = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata, spec: { mtls: { mode: 'OPEN' } } };
  standIn.circumstances = { settle: (objects) => [...objects, remedy], opaque: [] };
  const { result } = await run(place, standIn, async () => {
    expect(standIn.objects.has('PeerAuthentication/remedy') ? standIn.mode : 'alone').toHold();
  });
  expect(result.verdict).toBe('PASS');
  expect(standIn.objects.size).toBe(0);
});

test('Makes no statement about the mesh under a filter of others', async ({ place, standIn }) => {
  standIn.circumstances = { settle: (objects) => [...objects], opaque: ['EnvoyFilter lua in root'] };
  const broken = await run(place, standIn, async () => expect(standIn.mode === 'STRICT' ? 'OPEN' : standIn.mode).toHold());
  const reason = expect.stringContaining('EnvoyFilter lua in root acts on the proxies');
  expect(broken.result).toMatchObject({ verdict: 'INCONCLUSIVE', reason });
  const kept = await run(place, standIn, async () => expect(standIn.mode).toHold());
  expect(kept.result.verdict).toBe('PASS');
});
