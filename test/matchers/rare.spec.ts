import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { rareEventTest } from '../../fixtures/statistics/index.ts';
import { answered, historyOf, times } from './histories.ts';

const { toBeRare } = matchers;
const claim = { rate: 0.01, tooMuch: 0.1 };
const { n, atMost } = rareEventTest(claim);

/** A history of n requests, the last of which are slow. */
const withSlow = (slow: number, more = 0) =>
  historyOf([
    ...times(n - slow, answered()),
    ...times(slow + more, answered()).map((ending) => ({ ending, sentMs: 0, answeredMs: 2_000 })),
  ]);
const judged = (slow: number, more = 0) =>
  toBeRare(withSlow(slow, more), { what: 'slow', when: ({ sentMs, answeredMs }) => answeredMs - sentMs >= 2_000, ...claim });

test('Requires a rare event to occur, but no more often than its bound', () => {
  expect(judged(1).pass).toBe(true);
  expect(judged(atMost).pass).toBe(true);
  expect(judged(0).pass).toBe(false);
  expect(judged(atMost + 1).pass).toBe(false);
  expect(judged(2).statistics).toMatchObject([{ name: 'slow', n, observed: 2 / n, expected: 0.01, method: 'exact' }]);
});

test('Ignores requests beyond the fixed size, and makes no judgement on fewer', () => {
  expect(judged(atMost, 50).pass).toBe(true);
  const short = toBeRare(historyOf(times(n - 1, answered())), { what: 'slow', when: () => false, ...claim });
  expect(short.inconclusive).toContain(`${n} needed`);
});

test('Ignores what was sent while the machine stalled, however it ended, and makes no judgement on too few others', () => {
  const plain = historyOf(times(50, answered()));
  const late = historyOf([...times(50, answered()), { ending: answered(), dueMs: 500, sentMs: 500, answeredMs: 1_500 }]);
  const slow = { what: 'slow', ...claim, when: ({ answeredMs, sentMs }: (typeof plain.outcomes)[number]) => answeredMs - sentMs >= 2_000 };
  const beside = { history: late, lateMs: 950 };
  // A stall from -450 to 1,500 ms, and requests that were sent in it or after it.
  const sent = (during: { slow: number; fast: number }, after: { slow: number; fast: number }) => {
    const some = (count: number, sentMs: number, tookMs: number) =>
      times(count, answered()).map((ending) => ({ ending, sentMs, answeredMs: sentMs + tookMs }));
    const both = (each: typeof during, at: number) => [...some(each.slow, at, 2_000), ...some(each.fast, at, 5)];
    return historyOf([...both(during, 1_500), ...both(after, 1_501)]);
  };
  for (const count of [2, atMost + 1]) {
    expect(toBeRare(withSlow(count), { ...slow, beside: { ...beside, history: plain } })).toMatchObject({ pass: count === 2 });
    const ignoring = toBeRare(sent({ slow: n, fast: 5 }, { slow: count, fast: n - count }), { ...slow, beside });
    expect(ignoring).toMatchObject({ pass: count === 2, observed: expect.stringContaining(`; ${n + 5} more were sent while`) });
    expect(ignoring.inconclusive).toBeUndefined();
    const few = toBeRare(sent({ slow: 0, fast: n }, { slow: count, fast: n - count - 1 }), { ...slow, beside });
    expect(few.inconclusive).toBe(`too few outcomes: ${n - 1} of ${n} were sent while the machine kept up`);
  }
  // No plain requests say nothing about the machine.
  expect(toBeRare(withSlow(2), { ...slow, beside: { ...beside, history: historyOf([]) } }).inconclusive).toContain('too few outcomes');
});
