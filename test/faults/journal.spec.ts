import { expect, test } from '@playwright/test';

import { FaultJournal, type Fault } from '../../fixtures/faults/fault.ts';

type Defect = 'inject' | 'revert' | 'effect' | 'residue' | 'never';

/** Faults that write down what is done to them, and fail where they are told to: without effect, or with one that stays. */
function faults() {
  const done: string[] = [];
  const fault = (name: string, fails: Defect = 'never', meshWide = false): Fault & { acts: boolean } => {
    const act = (what: 'inject' | 'revert', acts: boolean) => async () => {
      done.push(`${what} ${name}`);
      if (fails === what) throw new Error(`${name} fails`);
      self.acts = fails === 'residue' || (acts && fails !== 'effect');
    };
    const seen = async () => (self.acts ? `${name} acts` : undefined);
    const self = { name, meshWide, acts: false, inject: act('inject', true), revert: act('revert', false), effect: seen, residue: seen };
    return self;
  };
  return { done, fault, journal: new FaultJournal({ proofMs: 200 }) };
}

test('a fault is in effect while a body runs, and is reverted also when the body throws', async () => {
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

test('under a fault without an effect no body runs', async () => {
  const { done, fault, journal } = faults();
  await expect(journal.during(fault('a', 'effect'), async () => void done.push('body'))).rejects.toMatchObject({
    code: 'FAULT_INEFFECTIVE',
  });
  expect(done).toEqual(['inject a', 'revert a']);
});

test('what was seen under a fault that ended meanwhile is not believed, be it good or bad', async () => {
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

test('a fault whose end does not show stays noted', async () => {
  const { done, fault, journal } = faults();
  const remains = {
    code: 'FAULT_REMAINS',
    message: 'the fault a was reverted, but its effect remains: waited 0.2 s for the end of the fault a: a acts',
  };
  await expect(journal.during(fault('a', 'residue'), async () => undefined)).rejects.toMatchObject(remains);
  await expect(journal.revertAll()).rejects.toMatchObject(remains);
  expect(done).toEqual(['inject a', 'revert a', 'revert a']);
});

test('what was injected only in part is reverted too, and what was not injected is left alone', async () => {
  const { done, fault, journal } = faults();
  const [broken, idle] = [fault('a', 'inject'), fault('b')];
  await expect(journal.inject(broken)).rejects.toThrow('a fails');
  await journal.revert(idle);
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'revert a']);
});

test('of all faults the last goes first, and one that cannot be reverted keeps no other, and stays noted', async () => {
  const { done, fault, journal } = faults();
  for (const one of [fault('a'), fault('b', 'revert'), fault('c', 'never', true)]) await journal.inject(one);
  await journal.revertAll(({ meshWide }) => meshWide);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(3)).toEqual(['revert c', 'revert b', 'revert a']);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(6)).toEqual(['revert b']);
});

test('a fault that is being injected by a body that was cut off is reverted when it is there', async () => {
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

test('after its end a check injects nothing more', async () => {
  const { done, fault, journal } = faults();
  const a = fault('a');
  await journal.inject(a);
  journal.refuse(new Error('the check has ended'));
  await expect(journal.during(fault('b'), async () => void done.push('body'))).rejects.toThrow('the check has ended');
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'revert a']);
});
