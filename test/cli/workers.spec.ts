import { expect, test } from '@playwright/test';

import { carriedWorkers, defaultWorkers, overload } from '../../scripts/run/workers.ts';

test('Uses one worker for each core if there is memory for their rigs', () => {
  const carried = (cores: number, gib: number) => carriedWorkers(cores, gib);
  expect([carried(2, 8), carried(2, 4), carried(4, 16), carried(4, 8), carried(16, 64), carried(1, 4)]).toEqual([2, 2, 4, 2, 8, 1]);
});

test('Uses as many workers on an existing cluster as the account has permissions for', () => {
  expect(defaultWorkers('existing')).toBe(2);
});

test('Warns about more workers than the machine can run', () => {
  expect(overload(2, 'kind', 2)).toBeUndefined();
  expect(overload(4, 'kind', 2)).toContain('4 workers exceed the 2');
  expect(overload(4, 'existing', 2)).toBeUndefined();
});
