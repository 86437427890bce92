import { expect, test } from '@playwright/test';

import { Record, recording } from '../../fixtures/evidence/record.ts';
import { FaultJournal, type Fault } from '../../fixtures/faults/fault.ts';

type Defect = 'inject' | 'revert' | 'effect' | 'residue' | 'never';

/** Faults that log their calls, and fail on request: without effect, or with one that remains. */
function faults() {
  const done: string[] = [];
  const fault = (name: string, fails: Defect = 'never', meshWide = false): Fault & { acts: boolean } => {
    const act = (what: 'inject' | 'revert', acts: boolean) => async () => {
      done.push(`${what} ${name}`);
      if (fails === what) throw new Error(`${name} fails`);
      self.acts = fails === 'residue' || (acts && fails !== 'effect');
    };
    const seen = async () => (self.acts ? `${name} acts` : undefined);
    const self = {
      name,
      kind: 'endpoint' as const,
      meshWide,
      acts: false,
      inject: act('inject', true),
      revert: act('revert', false),
      effect: seen,
      residue: seen,
    };
    return self;
  };
  return { done, fault, journal: new FaultJournal({ proofMs: 200 }) };
}

test('Keeps a fault in effect while a body runs, and reverts it even if the body throws', async () => {
  const { done, fault, journal } = faults();
  const a = fault('a');
  const body = journal.during(a, async () => {
    done.push(`body: ${await a.effect()}`);
    throw new Error('no');
  });
  await expect(body).rejects.toThrow('no');
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'body: a acts', 'revert a']);
});

test('Does not run the body under a fault without effect', async () => {
  const { done, fault, journal } = faults();
  await expect(journal.during(fault('a', 'effect'), async () => void done.push('body'))).rejects.toMatchObject({
    code: 'FAULT_INEFFECTIVE',
  });
  expect(done).toEqual(['inject a', 'revert a']);
});

test('Rejects any observation under a fault that ended early', async () => {
  const { fault, journal } = faults();
  const a = fault('a');
  const ended = { code: 'FAULT_ENDED' };
  await expect(journal.during(a, async () => void (a.acts = false))).rejects.toMatchObject(ended);
  const body = async () => {
    a.acts = false;
    throw new Error('the mesh failed');
  };
  await expect(journal.during(a, body)).rejects.toMatchObject(ended);
});

test('Keeps a fault recorded whose end cannot be measured', async () => {
  const { done, fault, journal } = faults();
  const remains = {
    code: 'FAULT_REMAINS',
    message: 'the fault a was reverted, but its effect remains: waited 0.2 s for the end of the fault a: a acts',
  };
  await expect(journal.during(fault('a', 'residue'), async () => undefined)).rejects.toMatchObject(remains);
  await expect(journal.revertAll()).rejects.toMatchObject(remains);
  expect(done).toEqual(['inject a', 'revert a', 'revert a']);
});

test('Reverts a partial injection, and nothing that was not injected', async () => {
  const { done, fault, journal } = faults();
  const [broken, idle] = [fault('a', 'inject'), fault('b')];
  await expect(journal.inject(broken)).rejects.toThrow('a fails');
  await journal.revert(idle);
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'revert a']);
});

test('Reverts faults in reverse order, and keeps only those recorded that cannot be reverted', async () => {
  const { done, fault, journal } = faults();
  for (const one of [fault('a'), fault('b', 'revert'), fault('c', 'never', true)]) await journal.inject(one);
  await journal.revertAll(({ meshWide }) => meshWide);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(3)).toEqual(['revert c', 'revert b', 'revert a']);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(6)).toEqual(['revert b']);
});

test('Reverts a fault whose injection is in progress, once it has ended', async () => {
  const { done, fault, journal } = faults();
  const there = Promise.withResolvers<void>();
  const a = fault('a');
  const inject = async (): Promise<void> => {
    await there.promise;
    await a.inject();
  };
  const slow = { ...a, inject };
  const abandoned = journal.inject(slow).catch(() => undefined);
  const reverted = journal.revertAll();
  there.resolve();
  await Promise.all([abandoned, reverted]);
  expect(done).toEqual(['inject a', 'revert a']);
  expect(a.acts).toBe(false);
});

test('Refuses injections after the end of the check', async () => {
  const { done, fault, journal } = faults();
  const a = fault('a');
  await journal.inject(a);
  journal.refuse(new Error('the check has ended'));
  await expect(journal.during(fault('b'), async () => void done.push('body'))).rejects.toThrow('the check has ended');
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'revert a']);
});

test('Refuses faults that the check has not declared, before anything is injected', async () => {
  const { done, fault, journal } = faults();
  journal.declare(['network']);
  await expect(journal.during(fault('a'), async () => void done.push('body'))).rejects.toMatchObject({ code: 'FAULT_UNDECLARED' });
  journal.declare(['network', 'endpoint']);
  await journal.during(fault('a'), async () => void done.push('body'));
  expect(done).toEqual(['inject a', 'body', 'revert a']);
});

test('Notes when a fault began, had an effect, was reverted and had ended', async () => {
  const { fault, journal } = faults();
  const record = new Record();
  const began = Date.now();
  await recording(record, () => journal.during(fault('a'), async () => undefined));
  await recording(record, () => journal.during(fault('b', 'effect'), async () => undefined).catch(() => undefined));
  const [a, b] = record.course.faults;
  const times = [began, a?.injected, a?.effective, a?.reverting, a?.ended].map(Number);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  expect(a?.name).toBe('a');
  expect(b).toEqual({ name: 'b', injected: expect.any(Number), reverting: expect.any(Number), ended: expect.any(Number) });
});
