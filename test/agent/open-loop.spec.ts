import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../../clusters/until.ts';
import { expect, startAgent, test } from './agents.ts';

const quantile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

/** Least-squares slope of values over their index: milliseconds a request. */
function slope(values: number[]): number {
  const middle = (values.length - 1) / 2;
  const sums = values.reduce((sum, value, at) => ({ xy: sum.xy + (at - middle) * value, xx: sum.xx + (at - middle) ** 2 }), {
    xy: 0,
    xx: 0,
  });
  return sums.xy / sums.xx;
}

test('an open loop of 200/s keeps its rate within 1 % while the server stalls for two seconds', async ({ prober }) => {
  await using server = await startAgent('stalling-pod', 'v1');
  const history = prober.client.probe({ target: server.target('http1'), rate: 200, durationMs: 4000 });
  await until(async () => (await server.client.ledger()).next >= 100, { what: 'a hundred requests', timeoutMs: 5000, everyMs: 20 });
  server.process.kill('SIGSTOP');
  await delay(2000);
  server.process.kill('SIGCONT');
  const { outcomes } = await history;
  const { entries } = await server.client.ledger();

  expect(outcomes.map(({ dueMs }) => dueMs)).toEqual(Array.from({ length: 800 }, (_, at) => at * 5));
  expect(outcomes.filter(({ ending }) => ending.kind !== 'response')).toEqual([]);
  expect(entries.map(({ id }) => id).toSorted()).toEqual(outcomes.map(({ id }) => id));
  const stalled = outcomes.filter(({ dueMs, answeredMs }) => answeredMs - dueMs > 100).length;
  expect(stalled, 'the stall was one').toBeGreaterThan(300);

  expect(new Set(outcomes.map(({ connection }) => connection)).size, 'no pool held requests back').toBeGreaterThan(300);

  const rate = 1000 / slope(outcomes.map(({ sentMs }) => sentMs));
  expect(Math.abs(rate / 200 - 1), `${rate.toFixed(2)}/s`).toBeLessThan(0.01);
  const lateness = outcomes.map(({ sentMs, dueMs }) => sentMs - dueMs);
  expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
  // A prober that waits for the stalled server would be two seconds late.
  expect(quantile(lateness, 0.99), 'p99 of lateness in ms').toBeLessThan(500);
});

test('a closed loop has as many requests under way as it was told, and no more', async ({ prober, server }) => {
  await server.client.setFaults([{ act: 'barrier', times: 7 }]);
  const history = prober.client.probe({ target: server.target('http1'), count: 20, concurrency: 7 });
  await until(async () => (await server.client.state()).waiting === 7, { what: 'seven at the barrier', timeoutMs: 5000 });
  expect(await server.client.state()).toMatchObject({ waiting: 7, inFlight: 7 });
  await server.client.releaseBarrier();
  const { outcomes } = await history;
  expect(outcomes.every(({ sentMs, dueMs, answeredMs }) => sentMs === dueMs && answeredMs >= sentMs)).toBe(true);
});
