import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf } from './histories.ts';

const { toBeRejectedWith } = matchers;
const abort = { status: 500, flag: 'FI', share: { p0: 0.1, tolerance: 0.02 } } as const;

/** Every k-th request is aborted. */
const everyKth = (k: number, n = 15_409) => historyOf(Array.from({ length: n }, (_, i) => (i % k === 0 ? ENVOY.aborted : answered())));

test('Accepts a share of rejections if all other requests succeed', () => {
  const right = toBeRejectedWith(everyKth(10), abort);
  expect(right).toMatchObject({ pass: true, statistics: [{ expected: 0.1, method: 'sprt' }] });
  for (const k of [5, 7, 8]) expect(toBeRejectedWith(everyKth(k), abort).pass).toBe(false);
  expect(toBeRejectedWith(everyKth(50), abort).pass).toBe(false);
});

test('Rejects any other ending, including the same status from the application', () => {
  const history = everyKth(10);
  const outcomes = history.outcomes.map((outcome, i) => (i === 2_999 ? { ...outcome, ending: ENVOY.unreachable } : outcome));
  const judged = toBeRejectedWith({ ...history, outcomes }, abort);
  expect(judged).toMatchObject({ pass: false, confidence: expect.stringContaining('1 neither of this kind nor a success') });
  expect(judged.inconclusive).toBeUndefined();
  const byApplication = historyOf(Array.from({ length: 3_000 }, (_, i) => answered('v1', { status: i % 10 === 0 ? 500 : 200 })));
  expect(toBeRejectedWith(byApplication, abort).pass).toBe(false);
});

test('Makes no judgement with too few requests', () => {
  expect(toBeRejectedWith(everyKth(10, 50), abort).inconclusive).toContain('undecided after 50');
});
