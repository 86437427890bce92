import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import { joinMs, lengthOf, withLapse, type Lapse, type Window } from '../../fixtures/watch/windows.ts';

const lapse = (at: number, ending = '503 UH'): Lapse => ({ at, ending, side: "the caller's proxy" });
const windowsOf = (lapses: readonly Lapse[], slotMs: number): Window[] =>
  lapses.reduce<Window[]>((windows, one) => withLapse(windows, one, slotMs), []);

test('Extends a lapse until the next request is due, and joins it with nearby ones', () => {
  const windows = windowsOf([lapse(1_000), lapse(1_100, 'reset after send'), lapse(2_200), lapse(9_000)], 100);
  expect(windows).toEqual([
    {
      from: 1_000,
      to: 2_300,
      bad: 3,
      endings: { '503 UH': 2, 'reset after send': 1 },
      sides: { "the caller's proxy": 3 },
    },
    { from: 9_000, to: 9_100, bad: 1, endings: { '503 UH': 1 }, sides: { "the caller's proxy": 1 } },
  ]);
  expect(lengthOf(windows)).toBe(1_400);
});

test('Joins two windows if a late lapse lies between them', () => {
  expect(windowsOf([lapse(0), lapse(2_000), lapse(1_000)], 100)).toMatchObject([{ from: 0, to: 2_100, bad: 3 }]);
});

test('Does not end an outage if one of the dry runs, once a second, is missing', () => {
  expect(windowsOf([lapse(0), lapse(1_000), lapse(4_500)], 1_000)).toMatchObject([{ from: 0, to: 5_500, bad: 3 }]);
  expect(windowsOf([lapse(0), lapse(4_500)], 1_000)).toHaveLength(2);
});

const lapses = fc.array(fc.record({ at: fc.nat(60_000), ending: fc.constantFrom('a', 'b'), side: fc.constantFrom('x', 'y') }), {
  minLength: 1,
  maxLength: 40,
});
const slots = fc.constantFrom(5, 100, 1_000);

test('Forms the same windows for any order of lapses', () => {
  const orders = lapses.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
  fc.assert(
    fc.property(orders, slots, ([all, shuffled], slotMs) => {
      assert.deepEqual(windowsOf(shuffled, slotMs), windowsOf(all, slotMs));
    }),
  );
});

test('Keeps windows in order and apart, each from a lapse to a lapse, and every lapse in exactly one', () => {
  fc.assert(
    fc.property(lapses, slots, (all, slotMs) => {
      const windows = windowsOf(all, slotMs);
      for (const [index, one] of windows.entries()) {
        const within = all.filter(({ at }) => at >= one.from && at < one.to);
        assert.equal(within.length, one.bad);
        assert.equal(Math.min(...within.map(({ at }) => at)), one.from);
        assert.equal(Math.max(...within.map(({ at }) => at)) + slotMs, one.to);
        const next = windows[index + 1];
        if (next !== undefined) assert.ok(next.from - one.to > joinMs(slotMs));
      }
      assert.equal(
        windows.reduce((sum, { bad }) => sum + bad, 0),
        all.length,
      );
    }),
  );
});
