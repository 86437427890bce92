import { expect, test } from '@playwright/test';

import { FaultJournal, type Fault } from '../../fixtures/faults/fault.ts';

/** Faults that write down what is done to them, and fail where they are told to. */
function faults() {
  const done: string[] = [];
  const fault = (name: string, fails: 'inject' | 'revert' | 'never' = 'never', meshWide = false): Fault => {
    const act = (what: 'inject' | 'revert') => async () => {
      done.push(`${what} ${name}`);
      if (fails === what) throw new Error(`${name} fails`);
    };
    return { meshWide, inject: act('inject'), revert: act('revert') };
  };
  return { done, fault };
}

test('a fault is in effect while a body runs, and is reverted also when the body throws', async () => {
  const { done, fault } = faults();
  const journal = new FaultJournal();
  const body = journal.during(fault('a'), async () => {
    done.push('body');
    throw new Error('no');
  });
  await expect(body).rejects.toThrow('no');
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'body', 'revert a']);
});

test('what was injected only in part is reverted too, and what was not injected is left alone', async () => {
  const { done, fault } = faults();
  const journal = new FaultJournal();
  const [broken, idle] = [fault('a', 'inject'), fault('b')];
  await expect(journal.inject(broken)).rejects.toThrow('a fails');
  await journal.revert(idle);
  await journal.revertAll();
  expect(done).toEqual(['inject a', 'revert a']);
});

test('of all faults the last goes first, and one that cannot be reverted keeps no other, and stays noted', async () => {
  const { done, fault } = faults();
  const journal = new FaultJournal();
  for (const one of [fault('a'), fault('b', 'revert'), fault('c', 'never', true)]) await journal.inject(one);
  await journal.revertAll(({ meshWide }) => meshWide);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(3)).toEqual(['revert c', 'revert b', 'revert a']);
  await expect(journal.revertAll()).rejects.toThrow('b fails');
  expect(done.slice(6)).toEqual(['revert b']);
});
