import { expect, test } from '@playwright/test';

import { Parts, type Part } from '../../fixtures/watch/parts.ts';

const START = Date.parse('2026-11-30T15:00:00.000Z');
const sample = (at: number, result: 'good' | 'bad' = 'good') => ({ at: START + at, ending: '', side: '', result });
const countsOf = ({ name, from, to, classes }: Part) => {
  const { tally } = classes.find((one) => one.name === 'kept') ?? {};
  return [name, from - START, to - START, tally?.asked, tally?.bad];
};

test('Counts an outcome in the part in which it was due, in whatever order outcomes arrive', () => {
  const parts = new Parts(100);
  parts.mark('one', START);
  parts.mark('two', START + 1_000);
  for (const one of [sample(1_000), sample(999, 'bad'), sample(-1), sample(2_000, 'bad')]) parts.add('kept', one);
  expect(parts.list(START + 3_000).map(countsOf)).toEqual([
    ['one', 0, 1_000, 1, 1],
    ['two', 1_000, 3_000, 2, 1],
  ]);
  expect(parts.whole.find(({ name }) => name === 'kept')?.tally.asked).toBe(4);
});

test('Forgets what was counted, and the parts', () => {
  const parts = new Parts(100);
  parts.mark('one', START);
  parts.add('kept', sample(0));
  parts.forget();
  expect(parts.list(START)).toEqual([]);
  expect(parts.whole.every(({ tally }) => tally.asked === 0)).toBe(true);
});
