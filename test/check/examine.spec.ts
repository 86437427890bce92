import { writeFile } from 'node:fs/promises';

import { expect as base } from '@playwright/test';

import { MeshproofError } from '../../clusters/errors.ts';
import { Inconclusive } from '../../fixtures/check/attempt.ts';
import type { Details } from '../../fixtures/check/definition.ts';
import type { History } from '../../fixtures/agent/protocol.ts';
import { currentRecord } from '../../fixtures/evidence/record.ts';
import { breaking, expect, run, test } from './examined.ts';

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
