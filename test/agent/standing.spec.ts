import { request } from 'node:http';

import { until } from '../../clusters/until.ts';
import type { LedgerMark, ProbeOrder, StandingOrder, StandingOutcome } from '../../fixtures/agent/protocol.ts';
import { expect, PROTOCOLS, startAgent, test, type RunningAgent } from './agents.ts';

const HOUR = 3_600_000;

function standing(name: string, server: RunningAgent, order: Partial<ProbeOrder> = {}): StandingOrder {
  return { name, order: { target: server.target(order.protocol ?? 'http1'), rate: 100, ...order } };
}

/** Reads outcomes, page by page, until there are at least this many. */
async function outcomes({ client }: RunningAgent, count: number): Promise<StandingOutcome[]> {
  const all: StandingOutcome[] = [];
  let mark: LedgerMark | undefined;
  await until(
    async () => {
      const { process, page } = await client.standing(mark);
      if (page === null) throw new Error('the agent has restarted');
      all.push(...page.entries);
      mark = { process, next: page.next };
      return all.length >= count;
    },
    { what: `${count} outcomes`, timeoutMs: 20_000, everyMs: 20 },
  );
  return all;
}

test('Keeps executing standing orders of every protocol without a client, at their rates and under their names', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  const orders = PROTOCOLS.map((protocol) => standing(protocol, server, { protocol, rate: 20 }));
  await prober.client.setStanding(orders, HOUR);
  const all = await outcomes(prober, 150);
  expect(all.filter(({ ending }) => ending.kind !== 'response')).toEqual([]);
  for (const protocol of PROTOCOLS) {
    const own = all.filter(({ of }) => of === protocol).toSorted((a, b) => a.at - b.at);
    expect(own.length, protocol).toBeGreaterThan(20);
    const [{ at: first } = { at: 0 }] = own;
    // Requests that are still in progress leave gaps, but each is due at a multiple of the interval.
    const off = own.map(({ at }) => Math.abs(((at - first + 25) % 50) - 25));
    expect(Math.max(...off), protocol).toBeLessThan(10);
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
    expect(new Set(own.map(({ connection }) => connection)).size, 'connections are kept').toBeLessThan(own.length / 2);
  }
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

test('Keeps only the responder of a successful response, and everything of a failed one', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  await server.client.setFaults([{ match: { pathPrefix: '/bad' }, status: 503, body: 'out of order' }]);
  await prober.client.setStanding([standing('good', server), standing('bad', server, { path: '/bad' })], HOUR);
  const all = await outcomes(prober, 20);
  const good = all.find(({ of }) => of === 'good')?.ending;
  expect(good).toEqual({ kind: 'response', status: 200, headers: expect.objectContaining({ 'x-agent-pod': 'server-pod' }), bodyStart: '' });
  expect(all.find(({ of }) => of === 'bad')?.ending).toMatchObject({ status: 503, bodyStart: 'out of order' });
});

test('Replaces standing orders and completes requests in progress; an empty list ends all orders', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  await server.client.setFaults([{ delayMs: 300 }]);
  await prober.client.setStanding([standing('first', server)], HOUR);
  const isUnderWay = async () => (await server.client.state()).inFlight > 5;
  await until(isUnderWay, { what: 'requests in progress', timeoutMs: 10_000, everyMs: 10 });
  await prober.client.setStanding([], HOUR);
  expect((await prober.client.standing()).underWay).toBeGreaterThan(0);
  const isOver = async () => (await prober.client.standing()).underWay === 0;
  await until(isOver, { what: 'all to be answered', timeoutMs: 10_000, everyMs: 20 });
  const { page } = await prober.client.standing();
  expect(page?.entries.length).toBeGreaterThan(5);
  expect(page?.entries.filter(({ ending }) => ending.kind !== 'response')).toEqual([]);
  const { next } = await server.client.mark();
  await server.client.setFaults([]);
  await prober.client.setStanding([standing('second', server)], HOUR);
  const all = await outcomes(prober, (page?.next ?? 0) + 10);
  expect(new Set(all.slice(page?.next).map(({ of }) => of))).toEqual(new Set(['second']));
  expect((await server.client.mark()).next).toBeGreaterThan(next);
});

test('Ends standing orders when their outcomes have not been read for the duration of the lease, and not before', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  await prober.client.setStanding([standing('watched', server)], 1_500);
  // At the given rate, this takes twice the duration of the lease.
  const watched = await outcomes(prober, 300);
  expect(watched.length).toBeGreaterThanOrEqual(300);
  let before = -1;
  const isStill = async () => {
    const { next } = await server.client.mark();
    const still = next === before;
    before = next;
    return still;
  };
  await until(isStill, { what: 'the load to end', timeoutMs: 10_000, everyMs: 100 });
  const { page } = await prober.client.standing();
  expect(page?.entries.length, 'the outcomes can still be read').toBeGreaterThanOrEqual(300);
  expect((await prober.client.pace()).lapses, 'a check without load must not pass').toBe(1);
});

test('Reports lost outcomes after a restart of the agent', async ({ server }) => {
  await using prober = await startAgent('prober-pod', '');
  await prober.client.setStanding([standing('any', server)], HOUR);
  expect((await prober.client.standing({ process: 'another', next: 3 })).page).toBeNull();
});

test('Rejects a standing order with a limit, without a rate or with another error', async ({ server }) => {
  const { control } = server.ports;
  const put = async (body: unknown): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asked = request({ host: '127.0.0.1', port: control, method: 'PUT', path: '/standing?leaseMs=1000' }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.once('end', () => resolve(response.statusCode === 400 ? JSON.parse(text).field : `accepted: ${text}`));
    });
    asked.once('error', reject).end(JSON.stringify(body));
    return await promise;
  };
  const order = { target: 'server:8080', rate: 1 };
  expect(await put([{ name: 'a', order: { ...order, count: 3 } }])).toBe('[0].order.count');
  expect(await put([{ name: 'a', order: { ...order, durationMs: 3 } }])).toBe('[0].order.durationMs');
  expect(await put([{ name: 'a', order: { target: 'server:8080' } }])).toBe('[0].order.rate');
  expect(await put([{ name: 'a b', order }])).toBe('[0].name');
  expect(await put([{ order }])).toBe('[0].name');
  expect(await put([{ name: 'a', order: { ...order, target: 'server:99999' } }])).toBe('target');
});
