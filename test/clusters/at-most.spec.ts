import { expect, test } from '@playwright/test';

import { atMost } from '../../clusters/at-most.ts';

test('Makes at most so many calls at a time, and returns the results in order', async () => {
  let [now, most] = [0, 0];
  const act = async (ms: number): Promise<string> => {
    most = Math.max(most, (now += 1));
    await new Promise((resolve) => setTimeout(resolve, ms));
    now -= 1;
    return `took ${ms}`;
  };
  expect(await atMost(3, [9, 1, 5, 2, 7, 3, 4], act)).toEqual([9, 1, 5, 2, 7, 3, 4].map((ms) => `took ${ms}`));
  expect(most).toBe(3);
  expect(await atMost(3, [], act)).toEqual([]);
});

test('Makes no further call after an error', async () => {
  const called: number[] = [];
  const act = async (item: number): Promise<void> => {
    called.push(item);
    await new Promise((resolve) => setTimeout(resolve, item));
    if (item === 1) throw new Error('no');
  };
  await expect(atMost(2, [1, 20, 3, 4], act)).rejects.toThrow('no');
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(called).toEqual([1, 20]);
});
