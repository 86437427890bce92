import assert from 'node:assert/strict';

import { expect, test } from '@playwright/test';
import fc from 'fast-check';

import { addRange, type Range } from '../../fixtures/watch/ranges.ts';
import { Tally, type Sample } from '../../fixtures/watch/tally.ts';

const sample = (at: number, result: Sample['result'] = 'good', ending = '200'): Sample => ({ at, ending, side: 'the application', result });

function tallyOf(samples: readonly Sample[], slotMs = 100): Tally {
  const tally = new Tally(slotMs);
  for (const one of samples) tally.add(one);
  return tally;
}

test('Counts unjudged samples separately, and not as measured time', () => {
  const tally = tallyOf([sample(100), sample(1_100, 'bad', '503 UH'), sample(2_100, 'unjudged', 'prober failed')]);
  expect([tally.asked, tally.bad, tally.outageMs]).toEqual([2, 1, 100]);
  expect([...tally.unjudged]).toEqual([['prober failed', 1]]);
  expect(tally.measured(0, 4_000)).toBe(0.5);
});

test('Measures the share of whole steps, without those in which nothing could be measured', () => {
  const tally = tallyOf([sample(1_500), sample(3_500)]);
  expect(tally.measured(900, 4_100)).toBeCloseTo(2 / 3);
  expect(tally.measured(900, 4_100, [{ from: 2_400, to: 2_500 }])).toBe(1);
  expect(tally.measured(900, 1_100)).toBe(0);
});

test('Uses steps of five seconds for one sample per second, because a busy process sends several at once', () => {
  const tally = tallyOf(
    [0, 1, 4, 4, 4, 9, 26].map((second) => sample(1_000 * second)),
    1_000,
  );
  expect(tally.measured(0, 30_000)).toBe(3 / 6);
  expect(tally.gaps(0, 30_000)).toEqual([{ from: 10_000, to: 25_000 }]);
});

test('Lists gaps of three seconds or more', () => {
  const tally = tallyOf([0, 1, 4, 8, 9].map((second) => sample(1_000 * second + 10)));
  expect(tally.gaps(0, 10_000)).toEqual([{ from: 5_000, to: 8_000 }]);
  expect(tallyOf([]).gaps(0, 3_000)).toEqual([{ from: 0, to: 3_000 }]);
});

test('Distinguishes only the first of many different endings, also in outages', () => {
  const tally = tallyOf(Array.from({ length: 100 }, (_, index) => sample(index, 'bad', `ending ${index}`)));
  expect(tally.endings.size).toBe(31);
  expect(tally.endings.get('others')).toBe(70);
  expect(tally.windows[0]?.endings['others']).toBe(70);
});

const DAY = 86_400_000;
/** A time of a month, often close to others. */
const times = fc.oneof(fc.nat(30 * DAY), fc.nat(60_000));
const span = fc
  .record({ from: times, lasts: fc.oneof(fc.nat(20_000), fc.nat(DAY)) })
  .map(({ from, lasts }) => ({ from, to: from + lasts }));

/** Counts each step by itself. */
function counted(samples: readonly number[], slotMs: number, within: Range, except: readonly Range[]): { measured: number; gaps: Range[] } {
  const stepMs = Math.max(1_000, 5 * slotMs);
  const steps = new Set(samples.map((at) => Math.floor(at / stepMs)));
  const gaps: Range[] = [];
  let [due, had] = [0, 0];
  for (let step = Math.ceil(within.from / stepMs); (step + 1) * stepMs <= within.to; step++) {
    const [from, to] = [step * stepMs, (step + 1) * stepMs];
    if (!except.some((one) => from < one.to && to > one.from)) {
      due += 1;
      if (steps.has(step)) had += 1;
    }
    const last = gaps.at(-1);
    if (steps.has(step)) continue;
    if (last?.to === from) last.to = to;
    else gaps.push({ from, to });
  }
  return { measured: due === 0 ? 0 : had / due, gaps: gaps.filter(({ from, to }) => to - from >= 3 * stepMs) };
}

test('Measures the same as if each step were counted, for samples in any order, and any times that do not count', () => {
  const samples = fc.array(fc.oneof(times, fc.nat(30_000)), { maxLength: 60 });
  fc.assert(
    fc.property(samples, fc.constantFrom(5, 100, 1_000), span, fc.array(span, { maxLength: 5 }), (ats, slotMs, within, except) => {
      const tally = tallyOf(
        ats.map((at) => sample(at)),
        slotMs,
      );
      const expected = counted(ats, slotMs, within, except);
      assert.equal(tally.measured(within.from, within.to, except), expected.measured);
      assert.deepEqual(tally.gaps(within.from, within.to), expected.gaps);
    }),
  );
});

test('Holds a month as few ranges, and counts it the same as if each step were counted', () => {
  const outages = [10 * DAY, 20 * DAY, 20 * DAY + 30_000].map((from) => ({ from, to: from + 20_000 }));
  const [steps, within]: [Range[], Range] = [[], { from: 0, to: 30 * DAY }];
  const ats = Array.from({ length: (30 * DAY) / 5_000 }, (_, step) => 5_000 * step).filter(
    (at) => !outages.some(({ from, to }) => at >= from && at < to),
  );
  for (const at of ats) addRange(steps, { from: at / 5_000, to: at / 5_000 + 1 });
  expect(steps).toHaveLength(4);
  const tally = tallyOf(
    ats.map((at) => sample(at)),
    1_000,
  );
  const expected = counted(ats, 1_000, within, []);
  expect(tally.gaps(0, 30 * DAY)).toEqual(expected.gaps);
  expect(tally.gaps(0, 30 * DAY)).toEqual(outages);
  expect(tally.measured(0, 30 * DAY)).toBe(expected.measured);
  expect(tally.measured(0, 30 * DAY, outages)).toBe(1);
});
