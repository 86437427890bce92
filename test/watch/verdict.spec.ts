import { expect, test } from '@playwright/test';

import { verdictOf } from '../../fixtures/watch/verdict.ts';
import { watchedClass as watched } from './watched-class.ts';

const outage = { bad: 12, outageMs: 3_214 };
const denied = watched({ name: 'denied', promise: 'refused' });

test('Is WITHIN BUDGET if nothing failed and nothing was let through', () => {
  expect(verdictOf([watched(), denied], 0)).toEqual({
    verdict: 'WITHIN BUDGET',
    reasons: ['of 1200 that must succeed, none failed; all 1200 that must be refused were'],
  });
});

test('Is OVER BUDGET if the outages exceed the budget, but not if they equal it', () => {
  expect(verdictOf([watched(outage), denied], 3_213)).toMatchObject({ verdict: 'OVER BUDGET' });
  expect(verdictOf([watched(outage)], 0).reasons).toEqual(['kept: 12 of 1200 failed, in 0 outages of 3.2 s in total; the budget is 0 s']);
  expect(verdictOf([watched(outage), denied], 3_214)).toMatchObject({
    verdict: 'WITHIN BUDGET',
    reasons: [expect.stringContaining('12 failed')],
  });
});

test('Is OVER BUDGET if anything was let through, whatever the budget, and gives that reason first', () => {
  const found = verdictOf([watched(outage), watched({ ...denied, bad: 1, outageMs: 100 })], 1_000);
  expect(found.verdict).toBe('OVER BUDGET');
  expect(found.reasons[0]).toBe('denied: 1 of 1200 that must be refused were let through');
});

test('Is NOT KNOWN if a class has too little data, unless it exceeds the budget anyway', () => {
  for (const little of [{ measured: 0.89 }, { asked: 19 }]) {
    expect(verdictOf([watched(), watched({ ...little, name: 'grpc' })], 60_000)).toMatchObject({
      verdict: 'NOT KNOWN',
      reasons: [expect.stringContaining('grpc')],
    });
    expect(verdictOf([watched({ ...little, ...outage })], 0).verdict).toBe('OVER BUDGET');
  }
  expect(verdictOf([], 0).verdict).toBe('NOT KNOWN');
});

test('Is NOT KNOWN if outcomes were lost, unless it is OVER BUDGET anyway', () => {
  const lost = new Map([['caller', 12_345]]);
  expect(verdictOf([watched(), denied], 0, lost)).toEqual({
    verdict: 'NOT KNOWN',
    reasons: ['the pod caller overwrote 12345 outcomes before they could be read; a lower --rate leaves more time'],
  });
  expect(verdictOf([watched(outage), denied], 0, lost)).toMatchObject({
    verdict: 'OVER BUDGET',
    reasons: [/kept/, /12345/].map((part) => expect.stringMatching(part)),
  });
});

test('Reports what the mesh does not promise, but does not judge it', () => {
  const api = watched({ name: 'api', promise: 'told', bad: 99, outageMs: 30_000, measured: 0.1 });
  expect(verdictOf([watched(), denied, api], 0).verdict).toBe('WITHIN BUDGET');
});
