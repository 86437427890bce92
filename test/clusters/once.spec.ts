import { expect, test } from '@playwright/test';

import { once } from '../../clusters/once.ts';

test('what is asked once is asked once, also by two at a time', async () => {
  let asked = 0;
  const ask = once(async (by: number) => `${by}: ${++asked}`);
  expect(await Promise.all([ask(1), ask(2)])).toEqual(['1: 1', '1: 1']);
  expect(await ask(3)).toBe('1: 1');
});

test('a failure is told to all who wait, and whoever asks next asks anew', async () => {
  let asked = 0;
  const ask = once(async () => {
    if (++asked === 1) throw new Error('not now');
    return asked;
  });
  const both = await Promise.allSettled([ask(), ask()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(asked).toBe(1);
  expect(await ask()).toBe(2);
});
