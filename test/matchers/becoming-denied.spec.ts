import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, closed, ENVOY, historyOf, reset, times, type Step } from './histories.ts';

const { toBecomeDenied } = matchers;
const cut: Step[] = [...times(100, answered('v1')), ...times(100, reset)];

test('Accepts requests that succeed first and are then denied for good, and reports the time', () => {
  expect(toBecomeDenied(historyOf(cut))).toMatchObject({ pass: true, statistics: [{ observed: 990 }] });
  // Several endpoints enforce the change one after another.
  expect(toBecomeDenied(historyOf(cut.with(98, closed)))).toMatchObject({ pass: true });
});

test('Rejects requests that never or always succeed, succeed again, or fail otherwise', () => {
  const wrong: [Step[], string][] = [
    [times(200, reset), 'none succeeded'],
    [times(200, answered('v1')), 'the last success was sent at 1990 ms, 0 requests after it'],
    [cut.with(190, answered('v1')), 'the last success was sent at 1900 ms, 9 requests after it'],
    [cut.with(150, ENVOY.denied), 'the last success was sent at 990 ms'],
  ];
  for (const [seen, words] of wrong) {
    const judged = toBecomeDenied(historyOf(seen), { withinMs: 1_000 });
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(judged.observed).toContain(words);
  }
});

test('Makes no judgement on a short history', () => {
  expect(toBecomeDenied(historyOf(times(100, answered('v1')))).inconclusive).toContain('ends before');
  expect(toBecomeDenied(historyOf([...times(100, answered('v1')), reset])).inconclusive).toContain('ends before');
});
