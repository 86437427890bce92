import assert from 'node:assert/strict';

import fc from 'fast-check';

import { openLoop, type LoopClock } from '../../fixtures/agent/prober/open-loop.ts';
import { until } from '../../clusters/until.ts';
import { expect, test } from './agents.ts';

/** A clock whose timers come late by what the list says, one after the other, and in time once it is used up. */
function lateClock(lateness: readonly number[]): LoopClock {
  const late = [...lateness];
  let time = 0;
  return {
    now: () => time,
    after(ms, call) {
      time += ms + (late.shift() ?? 0);
      queueMicrotask(call);
    },
  };
}

interface Sent {
  dueMs: number;
  sentMs: number;
}

async function sentBy(order: { total: number; rate: number }, lateness: readonly number[], answered = Promise.resolve()): Promise<Sent[]> {
  const clock = lateClock(lateness);
  const sent: Sent[] = [];
  const send = (index: number, dueMs: number): Promise<void> => {
    assert.equal(index, sent.length);
    sent.push({ dueMs, sentMs: clock.now() });
    return answered;
  };
  await openLoop({ ...order, start: 0, signal: new AbortController().signal }, send, clock);
  return sent;
}

test('Sends each request at the first timer after it is due, and so keeps its rate', async () => {
  const rates = fc.integer({ min: 1, max: 5_000 });
  const order = fc.record({ total: fc.integer({ min: 1, max: 400 }), rate: rates });
  await fc.assert(
    fc.asyncProperty(order, fc.array(fc.nat(3_000), { maxLength: 50 }), async ({ total, rate }, lateness) => {
      const sent = await sentBy({ total, rate }, lateness);
      assert.deepEqual(
        sent.map(({ dueMs }) => dueMs),
        Array.from({ length: total }, (_, at) => (at * 1_000) / rate),
      );
      // A timer that is in time may be rounded up to the next millisecond.
      const latest = Math.max(0, ...lateness) + 1;
      assert.ok(sent.every(({ dueMs, sentMs }) => sentMs >= dueMs && sentMs - dueMs <= latest));
      if (lateness.length === 0) assert.ok((sent.at(-1)?.sentMs ?? 0) - ((total - 1) * 1_000) / rate <= 1);
    }),
  );
});

test('Does not wait for responses, and ends with the last of them', async () => {
  const answered = Promise.withResolvers<void>();
  let ended = false;
  const sending = sentBy({ total: 100, rate: 1_000 }, [], answered.promise).then((sent) => {
    ended = true;
    return sent;
  });
  await new Promise(setImmediate);
  expect(ended).toBe(false);
  answered.resolve();
  expect(await sending).toHaveLength(100);
});

test('Sends nothing more after an abort', async () => {
  const aborted = new AbortController();
  const send = async (index: number): Promise<void> => {
    if (index === 9) aborted.abort();
    sent++;
  };
  let sent = 0;
  await openLoop({ total: 100, rate: 1_000, start: 0, signal: aborted.signal }, send, lateClock([50]));
  expect(sent).toBe(10);
});

test('Keeps sending while the server answers nothing, over as many connections as that takes', async ({ prober, server }) => {
  await server.client.setFaults([{ act: 'barrier', times: 300 }]);
  const history = prober.client.probe({ target: server.target('http1'), rate: 200, durationMs: 2_000 });
  // A prober that waited for responses would never have so many requests in progress.
  await until(async () => (await server.client.state()).waiting === 300, {
    what: 'three hundred requests at the barrier',
    timeoutMs: 60_000,
  });
  await server.client.releaseBarrier();
  const { outcomes } = await history;
  const { entries } = await server.client.ledger();
  expect(outcomes.map(({ dueMs }) => dueMs)).toEqual(Array.from({ length: 400 }, (_, at) => at * 5));
  expect(outcomes.filter(({ ending }) => ending.kind !== 'response')).toEqual([]);
  const ids = new Set(outcomes.map(({ id }) => id));
  expect(entries.flatMap(({ id }) => (ids.has(id) ? [id] : [])).toSorted()).toEqual([...ids]);
  expect(new Set(outcomes.map(({ connection }) => connection)).size, 'no pool delayed requests').toBeGreaterThanOrEqual(300);
  expect(outcomes.every(({ sentMs, dueMs }) => sentMs >= dueMs)).toBe(true);
});

test('Keeps exactly the given number of requests in progress in a closed loop', async ({ prober, server }) => {
  await server.client.setFaults([{ act: 'barrier', times: 7 }]);
  const history = prober.client.probe({ target: server.target('http1'), count: 20, concurrency: 7 });
  await until(async () => (await server.client.state()).waiting === 7, { what: 'seven requests at the barrier', timeoutMs: 5000 });
  expect(await server.client.state()).toMatchObject({ waiting: 7, inFlight: 7 });
  await server.client.releaseBarrier();
  const { outcomes } = await history;
  expect(outcomes.every(({ sentMs, dueMs, answeredMs }) => sentMs === dueMs && answeredMs >= sentMs)).toBe(true);
});
