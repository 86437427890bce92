import { expect, test } from '@playwright/test';
import * as fc from 'fast-check';

import type { Ending } from '../../fixtures/agent/protocol.ts';
import { timelinesOf } from '../../fixtures/check/timelines.ts';
import { Course } from '../../fixtures/evidence/course.ts';
import { Record } from '../../fixtures/evidence/record.ts';
import { bucketPicture, ejectionPicture, splitPicture, timesPicture } from '../../fixtures/matchers/pictures.ts';
import { MOST_PICTURES, MOST_STEPS, Picture } from '../../fixtures/contract/picture.ts';
import { validated } from '../../reporters/validate.ts';
import { answered, delivery, ENVOY, historyOf, STARTED_AT } from './histories.ts';

const times = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 60 });
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

test('Includes every request in a small picture of times', () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1e5, noNaN: true }), (took, ms) => {
      const sorted = took.toSorted((a, b) => a - b);
      const picture = timesPicture(sorted, sorted[0] ?? 0, [{ bound: 'most', says: 'at most', ms }]);
      validated(Picture, picture, 'picture');
      return total(picture.counts) === took.length && picture.counts.length <= 50 && picture.fromMs <= Math.min(ms, sorted[0] ?? ms);
    }),
  );
});

test('Includes every request in a small picture of a rate limit', () => {
  fc.assert(
    fc.property(times, times, (passed, refused) => {
      const picture = bucketPicture(passed, refused, { tokens: 3, tokenMs: 600 });
      validated(Picture, picture, 'picture');
      return total(picture.passed) === passed.length && total(picture.refused) === refused.length && picture.passed.length <= MOST_STEPS;
    }),
  );
});

test('Draws an ejection by version, with each series of failures as one fault', () => {
  const at = (ms: number): number => STARTED_AT + ms;
  const ledger = [10, 120, 130, 300].map((ms, index) =>
    delivery(`r-${index}`, { at: at(ms), pod: `server-v${(index % 2) + 1}-x`, version: `v${(index % 2) + 1}` }),
  );
  const own = [
    { at: at(120), failed: true },
    { at: at(300), failed: false },
    { at: at(310), failed: true },
    { at: at(320), failed: true },
  ];
  const picture = ejectionPicture({
    history: historyOf([]),
    window: { from: at(-100), to: at(400) },
    ledger,
    endpoint: 'server-v2-x',
    own,
    out: [{ from: at(130), to: at(300) }],
  });
  expect(validated(Picture, picture, 'picture')).toMatchObject({
    stepMs: 100,
    failing: 'v2',
    endpoints: [
      { name: 'v1', given: [1, 1, 0, 0, 0], failed: [0, 0, 0, 0, 0] },
      { name: 'v2', given: [0, 1, 0, 1, 0], failed: [0, 1, 0, 2, 0] },
    ],
    fault: [
      { fromMs: 120, toMs: 120 },
      { fromMs: 310, toMs: 320 },
    ],
    out: [{ fromMs: 130, toMs: 300 }],
  });
});

test('Includes every request of a load in its timeline, and only the faults and limits that meet it', () => {
  const at = (ms: number): number => STARTED_AT + ms;
  const steps = [answered('v1'), ENVOY.cut, answered('v2'), answered('v1')].map((ending, index) => ({ ending, dueMs: 150 * index }));
  const course = new Course();
  course.loads.push({ name: 'from a to b', history: historyOf(steps) }, { name: 'nothing', history: historyOf([]) });
  course.faults.push(
    { name: 'earlier', injected: at(-900), effective: at(-800), reverting: at(-200), ended: at(-100) },
    { name: 'within', injected: at(100), effective: at(200), reverting: at(300), ended: at(400) },
    { name: 'lasting', injected: at(300) },
  );
  course.bounds.push({ says: 'within 100 ms', from: at(300), to: at(400) }, { says: 'never', from: Infinity, to: Infinity });
  const pictures = timelinesOf(course);
  for (const picture of pictures) validated(Picture, picture, 'picture');
  expect(pictures).toEqual([
    {
      kind: 'timeline',
      title: 'Requests from a to b',
      stepMs: 100,
      lanes: [
        { name: 'answered by v1', succeeds: true, counts: [1, 0, 0, 0, 1] },
        { name: 'answered by v2', succeeds: true, counts: [0, 0, 0, 1, 0] },
        { name: 'answered 503 UC', succeeds: false, counts: [0, 1, 0, 0, 0] },
      ],
      faults: [
        { name: 'within', fromMs: 100, provenMs: 200, revertedMs: 300, toMs: 400 },
        { name: 'lasting', fromMs: 300, toMs: 550 },
      ],
      bounds: [{ says: 'within 100 ms', fromMs: 300, toMs: 400 }],
    },
  ]);
});

test('Names endpoints by pod where several have the same version', () => {
  const course = new Course();
  const by = (pod: string): Ending => ({ ...answered('v1'), headers: { 'x-agent-version': 'v1', 'x-agent-pod': pod } }) as Ending;
  course.loads.push({ name: 'from a to b', history: historyOf([by('one'), by('two')]) });
  expect(timelinesOf(course)[0]?.lanes.map(({ name }) => name)).toEqual(['answered by one', 'answered by two']);
});

test('Keeps the first pictures of each phase', () => {
  const record = new Record();
  const picture = splitPicture('t', [
    { name: 'share of v2', n: 1, observed: 1, expected: 1, tolerance: 0.1, interval: [0, 1], alpha: 0.1, power: 0.9, method: 'sprt' },
  ]);
  record.phase = 'control';
  for (let i = 0; i < 2 * MOST_PICTURES; i++) record.drawn([picture]);
  record.phase = 'check';
  record.drawn([picture]);
  expect(record.pictures.map(({ phase }) => phase)).toEqual([...Array.from({ length: MOST_PICTURES }, () => 'control'), 'check']);
});
