import { expect, test } from '@playwright/test';

import { carriedWorkers, defaultWorkers, overload } from '../../scripts/run/workers.ts';

test('a machine carries a worker a core where it has memory for their rigs', () => {
  const carried = (cores: number, gib: number) => carriedWorkers(cores, gib);
  expect([carried(2, 8), carried(2, 4), carried(4, 16), carried(4, 8), carried(16, 64), carried(1, 4)]).toEqual([2, 2, 4, 2, 8, 1]);
});

test('on a cluster of another owner it is as many as the account is made for, whatever this machine is', () => {
  expect(defaultWorkers('existing')).toBe(2);
});

test('more than the machine carries is said', () => {
  expect(overload(2, 'kind', 2)).toBeUndefined();
  expect(overload(4, 'kind', 2)).toContain('4 workers exceed the 2');
  expect(overload(4, 'existing', 2)).toBeUndefined();
});
