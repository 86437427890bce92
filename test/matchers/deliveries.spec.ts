import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, ENVOY, historyOf, reset, times } from './histories.ts';

const { toArriveWith, toBeAnswered, toHaveDeliveries, toHaveWaiting, toPrint, toStayUnresolved } = matchers;
const three = ['a', 'b', 'c'].map((id) => delivery(id));

test('Counts deliveries exactly, or within bounds', () => {
  expect(toHaveDeliveries(three, 3).pass).toBe(true);
  for (const wrong of [2, 4]) expect(toHaveDeliveries(three, wrong).pass).toBe(false);
  expect(toHaveDeliveries(three, { atLeast: 3, atMost: 4 }).pass).toBe(true);
  expect(toHaveDeliveries(three, { atLeast: 4, atMost: 5 })).toMatchObject({
    pass: false,
    expected: expect.stringContaining('4 to 5 requests are delivered'),
  });
  expect(toHaveWaiting({ waiting: 50 }, 50).pass).toBe(true);
  expect(toHaveWaiting({ waiting: 49 }, 50).pass).toBe(false);
});

test('Requires every delivery to arrive byte for byte as it was sent', () => {
  const ledger = ['a', 'b'].map((id) => delivery(id, { method: 'POST', path: '/v1/', headers: { host: 'server:8080', 'x-order': id } }));
  const wanted = { method: 'POST', path: '/v1/', headers: { 'x-order': '{id}' } };
  expect(toArriveWith(ledger, wanted).pass).toBe(true);
  for (const [wrong, seen, kind, count] of [
    [{ path: '/v1' }, '2× path /v1/', 'wrong path', 2],
    [{ method: 'GET' }, '2× method POST', 'wrong method', 2],
    [{ headers: { 'x-order': 'a' } }, '1× x-order b', 'wrong header', 1],
    [{ headers: { 'x-none': '' } }, '2× x-none absent', 'wrong header', 2],
  ] as const) {
    expect(toArriveWith(ledger, wrong)).toMatchObject({
      pass: false,
      observed: expect.stringContaining(seen),
      against: [{ kind, count }],
    });
  }
});

test('Counts any status and a reset as answered, but not a refused connection or a timeout', () => {
  expect(toBeAnswered(historyOf([answered(), ENVOY.denied, reset])).pass).toBe(true);
  expect(toBeAnswered(historyOf([answered(), { kind: 'connection-refused' }])).pass).toBe(false);
  expect(toBeAnswered(historyOf([answered(), { kind: 'timeout', stage: 'response' }])).pass).toBe(false);
  expect(toBeAnswered(historyOf([{ kind: 'dns' }])).inconclusive).toBeDefined();
});

test('Never resolves an unknown name', () => {
  expect(toStayUnresolved(historyOf(times(5, { kind: 'dns' }))).pass).toBe(true);
  expect(toStayUnresolved(historyOf([{ kind: 'dns' }, { kind: 'connection-refused' }])).pass).toBe(false);
  expect(toStayUnresolved(historyOf([{ kind: 'tool', detail: 'no' }])).inconclusive).toBeDefined();
  expect(toStayUnresolved(historyOf([])).inconclusive).toBeDefined();
});

test('Requires the expected output of a tool, and none of the forbidden one', () => {
  const answer = { exitCode: 0, said: 'kind: Deployment SECOND_KEY' };
  expect(toPrint(answer, /SECOND_KEY/, { butNot: /FIRST_KEY/ }).pass).toBe(true);
  expect(toPrint(answer, /THIRD_KEY/).pass).toBe(false);
  expect(toPrint(answer, /SECOND_KEY/, { butNot: /Deployment/ }).pass).toBe(false);
  expect(toPrint({ ...answer, exitCode: 1 }, /SECOND_KEY/).pass).toBe(false);
});
