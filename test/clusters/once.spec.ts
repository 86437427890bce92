import { expect, test } from '@playwright/test';

import { once } from '../../clusters/once.ts';

test('Calls the function once, even for concurrent callers', async () => {
  let asked = 0;
  const ask = once(async (by: number) => `${by}: ${++asked}`);
  expect(await Promise.all([ask(1), ask(2)])).toEqual(['1: 1', '1: 1']);
  expect(await ask(3)).toBe('1: 1');
});

test('Passes a failure to all who wait, and calls the function again for the next one', async () => {
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
