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

/** Says no like the matchers of the suites do. */
const expect = base.extend(glue({ toHold, toExist }));
const LIMITS = { limitMs: 90_000, patienceMs: 0 };
/** What a control turns red, in matchers that only this test has. */
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
  const { result, error } = await examine({ place, details, rig, body, withControl: true, ...LIMITS, info: plain.info(), ...more });
  return { result: { ...result, ...verdictOf(result.facts) }, error };
};

test('a check that its control turns red and the true manifest green passes, and leaves nothing', async ({ place, standIn }) => {
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

test('a control that stays green makes the check invalid, and the true manifest is not even tried', async ({ place, standIn }) => {
  const { result, error } = await run(place, standIn, async () => expect(standIn.mode).toExist());
  expect(result).toMatchObject({ verdict: 'INVALID', control: 'green' });
  expect(error?.message).toContain('this check cannot fail');
  expect(standIn.log).not.toContain('apply PeerAuthentication/strict STRICT');
  expect(standIn.objects.size).toBe(0);
});

test('a control that goes red in another matcher proves nothing', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(undefined).toExist();
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(result.reason).toContain('the control went red, but in toExist, not in toHold');
});

test('a tool that breaks is never a statement about the mesh', async ({ place, standIn }) => {
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

test("the runner's own matchers state nothing about the mesh, whatever they are given", async ({ place, standIn }) => {
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

test('a mesh that does not keep the promise fails in the words of the matcher', async ({ place, standIn }) => {
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

test('without a control nothing is said to be proven', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => expect(standIn.mode).toHold(), { withControl: false });
  expect(result).toMatchObject({ verdict: 'PASS', control: 'skipped' });
});

test('a swap changes who acts, not what is configured', async ({ place, standIn }) => {
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

test('a rig that cannot be handed back takes the PASS away', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    expect(standIn.mode).toHold();
    standIn.refusesRemoval = true;
  });
  expect(result.verdict).toBe('INCONCLUSIVE');
  expect(result.reason).toContain('the API server is gone');
  expect(standIn.log.at(-1)).toBe('replace');
});

test('a body that does not end is given up when its time is over, and can change nothing any more', async ({ place, standIn }) => {
  const never = new Promise<void>(() => undefined);
  const { result } = await run(place, standIn, () => never, { limitMs: 400 });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', control: 'inconclusive' });
  expect(result.reason).toContain('not done within');
  const said = standIn.log.map((line) => line.replace(/: .*/, '')).join(', ');
  // Whatever is broken is put right before the mesh is told to let go of anything.
  expect(said).toMatch(/no more faults, closed, revert faults, remove PeerAuthentication\/strict, converge, reset$/);
  expect(standIn.objects.size).toBe(0);
});

test('without a limit a body takes as long as it wants', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => expect(standIn.mode).toHold(), { limitMs: 0 });
  expect(result.verdict).toBe('PASS');
});

test('a report that cannot be written takes no verdict away, and the rig is handed back all the same', async ({ place, standIn }) => {
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

test('where a webhook of others alters what is applied, nothing is measured', async ({ place, standIn }) => {
  standIn.admits = (object) => ({ ...object, spec: { mtls: { mode: 'DISABLE' }, selector: { matchLabels: { added: 'by others' } } } });
  const { result } = await run(place, standIn, () => Promise.reject(new Error('it was measured')), { withControl: false });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: expect.stringContaining('spec.mtls.mode is "DISABLE", not "STRICT"') });
  expect(standIn.objects.size).toBe(0);
});

test('a promise that is broken while others change what was applied is no statement about the mesh', async ({ place, standIn }) => {
  const { result } = await run(place, standIn, async () => {
    if (standIn.mode === 'STRICT')
      for (const [key, object] of standIn.objects) standIn.objects.set(key, { ...object, spec: { mtls: { mode: '' } } });
    expect(standIn.mode).toHold();
  });
  expect(result).toMatchObject({ verdict: 'INCONCLUSIVE', reason: expect.stringContaining('rig/strict was changed by') });
});

test('what undoes the owner’s configuration stands with what a check applies, and goes with it', async ({ place, standIn }) => {
  const remedy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'remedy', namespace: 'rig' },
    spec: { mtls: { mode: 'OPEN' } },
  };
  standIn.circumstances = { settle: (objects) => [...objects, remedy], opaque: [] };
  const { result } = await run(place, standIn, async () => {
    expect(standIn.objects.has('PeerAuthentication/remedy') ? standIn.mode : 'alone').toHold();
  });
  expect(result.verdict).toBe('PASS');
  expect(standIn.objects.size).toBe(0);
});

test('a promise that is broken under a filter of others is no statement about the mesh', async ({ place, standIn }) => {
  standIn.circumstances = { settle: (objects) => [...objects], opaque: ['EnvoyFilter lua in root'] };
  const broken = await run(place, standIn, async () => expect(standIn.mode === 'STRICT' ? 'OPEN' : standIn.mode).toHold());
  const reason = expect.stringContaining('EnvoyFilter lua in root acts on the proxies');
  expect(broken.result).toMatchObject({ verdict: 'INCONCLUSIVE', reason });
  const kept = await run(place, standIn, async () => expect(standIn.mode).toHold());
  expect(kept.result.verdict).toBe('PASS');
});
