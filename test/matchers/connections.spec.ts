import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';
import { answered, delivery, historyOf, times } from './histories.ts';

const { toHaveRequestsPerConnection, toUseConnections } = matchers;
const header = 'x-peer-port';

/** Deliveries over connections that each carry the given number of requests. */
function over(...carried: number[]) {
  const ports = carried.flatMap((count, i) => Array.from({ length: count }, () => String(40_000 + i)));
  const history = historyOf(times(ports.length, answered()));
  return { history, ledger: history.outcomes.map(({ id }, i) => delivery(id, { headers: { [header]: ports[i] ?? '' } })) };
}

test('Requires every connection to carry exactly the given number of requests', () => {
  for (const [carried, each, pass] of [
    [[1, 1, 1], 1, true],
    [[2, 2], 2, true],
    [[2, 1, 1], 2, false],
    [[3, 1], 2, false],
    [[4], 2, false],
    [[4], 4, true],
  ] as const) {
    const { ledger, history } = over(...carried);
    expect(toHaveRequestsPerConnection(ledger, history, { each, header }).pass).toBe(pass);
  }
  const { ledger, history } = over(3, 1);
  expect(toHaveRequestsPerConnection(ledger, history, { each: 2, header }).observed).toContain(
    '2 connections: 1× 1 request, 1× 3 requests',
  );
});

test('Limits the number of connections', () => {
  for (const [carried, atMost, pass] of [
    [[40], 1, true],
    [[25, 15], 2, true],
    [[25, 15], 3, true],
    [[20, 19, 1], 2, false],
    [Array.from({ length: 40 }, () => 1), 2, false],
  ] as const) {
    const { ledger, history } = over(...carried);
    expect(toUseConnections(ledger, history, { atMost, header }).pass).toBe(pass);
  }
  const { ledger, history } = over(20, 19, 1);
  const judged = toUseConnections(ledger, history, { atMost: 2, header });
  expect(judged.expected).toContain('40 requests arrive over at most 2 connections');
  expect(judged.observed).toContain('3 connections: 1× 1 request');
  expect(toUseConnections([...ledger, delivery('r-0')], history, { atMost: 3, header }).inconclusive).toContain('without x-peer-port');
  expect(toUseConnections([], history, { atMost: 2, header }).inconclusive).toContain('nothing was delivered');
});

test('Makes no judgement without deliveries, or without the header that identifies connections', () => {
  const { history } = over(2);
  expect(toHaveRequestsPerConnection([delivery('r-0')], history, { each: 1, header }).inconclusive).toContain(
    '1 requests arrived without x-peer-port',
  );
  expect(toHaveRequestsPerConnection([], history, { each: 1, header }).inconclusive).toContain('nothing was delivered');
});
