import { Prober } from '../../fixtures/actors/prober.ts';
import { Record, recording } from '../../fixtures/evidence/record.ts';
import { expect, test } from '../agent/agents.ts';

test('Joins all requests sent before, during and after some work into one history', async ({ prober, server }) => {
  const caller = new Prober('caller', prober.client);
  const target = { name: 'server', address: () => server.target('http1') };
  const { promise: work, resolve } = Promise.withResolvers<void>();
  let before = 0;
  const begin = async () => {
    before = (await server.client.ledger()).entries.length;
    await work;
  };
  const sending = caller.sendDuring(begin, target, { count: 10 });
  await expect.poll(async () => (await server.client.ledger()).entries.length).toBeGreaterThan(20);
  const endedAt = Date.now();
  resolve();
  const history = await sending;
  // The next requests may be on their way already.
  expect(before).toBeGreaterThanOrEqual(10);
  expect(history.order.count).toBe(history.outcomes.length);
  expect(new Set(history.outcomes.map(({ id }) => id)).size).toBe(history.outcomes.length);
  expect(history.startedAt + (history.outcomes.at(-10)?.sentMs ?? 0)).toBeGreaterThanOrEqual(endedAt);

  const failing = caller.sendDuring(() => Promise.reject(new Error('no')), target, { count: 1 });
  await expect(failing).rejects.toThrow('no');
});

test('Sends plain requests throughout some work, and records how late they were', async ({ prober, server }) => {
  const caller = new Prober('caller', prober.client);
  const target = { name: 'server', address: () => server.target('http1') };
  const record = new Record();
  const [done, beside] = await recording(record, async () =>
    caller.beside(target, {}, async () => {
      await caller.send(target, { count: 20 });
      await server.client.setFaults([{ delayMs: 300 }]);
      await caller.send(target, { count: 1 });
      return 'done';
    }),
  );
  expect(done).toBe('done');
  expect(beside.order.rate).toBe(50);
  expect(beside.outcomes.length).toBeGreaterThan(10);
  // The plain requests take the same path, and were delayed like the work.
  expect(record.lateMs).toBeGreaterThan(250);
  await expect(caller.beside(target, {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('Sends batches until there are enough, as one history', async ({ prober, server }) => {
  const caller = new Prober('caller', prober.client);
  const target = { name: 'server', address: () => server.target('http1') };
  const asked: number[] = [];
  const history = await caller.sendUntil(({ outcomes }) => asked.push(outcomes.length) === 3, target, { count: 10, concurrency: 4 });
  expect(asked).toEqual([10, 20, 30]);
  expect(history.order.count).toBe(30);
  expect(new Set(history.outcomes.map(({ id }) => id)).size).toBe(30);
});

test('Waits until a Service has a reachable endpoint', async ({ prober, server }) => {
  const caller = new Prober('caller', prober.client);
  const addresses = ['127.0.0.1:9', server.target('http1'), server.target('http1')];
  let looks = 0;
  await caller.untilReaches({ name: 'server', address: () => addresses[looks++] ?? '' });
  expect(looks).toBe(2);
});
