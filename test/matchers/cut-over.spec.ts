import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, ENVOY, historyOf, times, type Step } from './histories.ts';

const { toCutOver } = matchers;
const colours = { from: 'v1', to: 'v2' };
const switched: Step[] = [...times(100, answered('v1')), ...times(100, answered('v2'))];

test('Accepts a switch during which both versions answer for a short time', () => {
  expect(toCutOver(historyOf(switched), colours)).toMatchObject({ pass: true, statistics: [{ observed: 0, method: 'exact' }] });
  const mixed = switched.with(98, answered('v2')).with(101, answered('v1'));
  const judged = toCutOver(historyOf(mixed), colours);
  expect(judged).toMatchObject({ pass: true, statistics: [{ observed: 30 }] });
  expect(judged.observed).toContain('v1 until 1010 ms, v2 from 980 ms on');
  expect(toCutOver(historyOf(mixed), { ...colours, togetherMs: 29 }).pass).toBe(false);
});

test('Rejects no switch, a switch back, a failure and a third version', () => {
  const wrong: [Step[], string][] = [
    [times(200, answered('v1')), 'no cut-over'],
    [times(200, answered('v2')), 'no cut-over'],
    [switched.toReversed(), 'v1 until 1990 ms, v2 from 0 ms on'],
    [switched.with(100, ENVOY.unhealthy), '1 failed'],
    [switched.with(100, answered('v2', { status: 503 })), '1 failed'],
    [switched.with(100, answered('v3')), '1 answered by another version'],
  ];
  for (const [seen, words] of wrong) {
    const judged = toCutOver(historyOf(seen), { ...colours, togetherMs: 100 });
    expect(judged.pass).toBe(false);
    expect(judged.inconclusive).toBeUndefined();
    expect(judged.observed).toContain(words);
  }
});
