import { Prober } from '../../fixtures/actors/prober.ts';
import { expect, test } from '../agent/agents.ts';

test('sending during a piece of work lasts beyond its end, and is one history', async ({ prober, server }) => {
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
  expect(before).toBe(10);
  expect(history.order.count).toBe(history.outcomes.length);
  expect(new Set(history.outcomes.map(({ id }) => id)).size).toBe(history.outcomes.length);
  expect(history.startedAt + (history.outcomes.at(-10)?.sentMs ?? 0)).toBeGreaterThanOrEqual(endedAt);

  const failing = caller.sendDuring(() => Promise.reject(new Error('no')), target, { count: 1 });
  await expect(failing).rejects.toThrow('no');
});
