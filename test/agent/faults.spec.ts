import { assert, integer, property } from 'fast-check';

import { until } from '../../clusters/until.ts';
import type { Ending, Fault, LedgerEntry, ProbeOrder } from '../../fixtures/agent/protocol.ts';
import { Faults } from '../../fixtures/agent/server/faults.ts';
import { expect, PROTOCOLS, test } from './agents.ts';

const words = (ending: Ending): string => {
  if (ending.kind === 'response') return `${ending.status}${ending.grpcStatus === undefined ? '' : ` grpc ${ending.grpcStatus}`}`;
  return `${ending.kind}${'when' in ending ? ` ${ending.when}` : ''}${'stage' in ending ? ` ${ending.stage}` : ''}`;
};

for (const protocol of PROTOCOLS) {
  test.describe(protocol, () => {
    const healthy = protocol === 'grpc' ? '200 grpc 0' : '200';
    const carriesStatus = protocol !== 'tcp';
    // Until the settings of a new HTTP/2 connection are acknowledged, its client may not recognise the reset.
    const settled = protocol === 'h2c' || protocol === 'grpc' ? { delayMs: 50 } : {};
    const table: [name: string, fault: Fault, expected: string][] = [
      ['reset', { act: 'reset', ...settled }, 'reset after-send'],
      ['close', { act: 'close' }, 'closed after-send'],
      ['hang', { act: 'hang' }, 'timeout response'],
      ['status', { status: 503 }, carriesStatus ? '503' : healthy],
      ['grpcStatus', { grpcStatus: 14 }, protocol === 'grpc' ? '200 grpc 14' : healthy],
      ['delay', { delayMs: 60 }, healthy],
      ['delay then status', { delayMs: 60, status: 418 }, carriesStatus ? '418' : healthy],
    ];
    for (const [name, fault, expected] of table) {
      test(`Ends a request with ${name} as expected, and records it once`, async ({ prober, server, mark }) => {
        await server.client.setFaults([fault]);
        const { outcomes } = await prober.client.probe({
          target: server.target(protocol),
          protocol,
          count: 2,
          timeoutMs: name === 'hang' ? 200 : 5000,
        });
        expect(outcomes.map(({ ending }) => words(ending))).toEqual([expected, expected]);
        const { entries } = await server.client.ledger(mark);
        expect(entries.map(({ id }) => id)).toEqual(outcomes.map(({ id }) => id));
        const acts = name.startsWith('delay') && (carriesStatus || fault.status === undefined);
        if (acts) expect(Math.min(...outcomes.map(({ sentMs, answeredMs }) => answeredMs - sentMs))).toBeGreaterThanOrEqual(58);
        await until(async () => (await server.client.state()).inFlight === 0, { what: 'no request in progress', timeoutMs: 3000 });
      });
    }

    test('Holds requests at the barrier until it is released', async ({ prober, server }) => {
      await server.client.setFaults([{ act: 'barrier' }]);
      const history = prober.client.probe({ target: server.target(protocol), protocol, count: 5, concurrency: 5 });
      await until(async () => (await server.client.state()).waiting === 5, { what: 'five requests at the barrier', timeoutMs: 5000 });
      expect(await server.client.state()).toMatchObject({ waiting: 5, inFlight: 5 });
      expect(await server.client.releaseBarrier()).toBe(5);
      expect((await history).outcomes.map(({ ending }) => words(ending))).toEqual(Array.from({ length: 5 }, () => healthy));
      expect(await server.client.state()).toMatchObject({ waiting: 0, inFlight: 0 });
    });

    test('Drops a client that gives up from the barrier', async ({ prober, server }) => {
      await server.client.setFaults([{ act: 'barrier' }]);
      await prober.client.probe({ target: server.target(protocol), protocol, timeoutMs: 200, connections: 'new' });
      await until(async () => (await server.client.state()).waiting === 0, { what: 'no request at the barrier', timeoutMs: 3000 });
      expect(await server.client.releaseBarrier()).toBe(0);
    });

    test('Applies a share of 10 % to exactly every tenth request, over kept connections too', async ({ prober, server }) => {
      await server.client.setFaults([{ share: 0.1, act: 'close' }]);
      const { outcomes } = await prober.client.probe({ target: server.target(protocol), protocol, count: 50 });
      const taken = outcomes.flatMap(({ ending }, at) => (ending.kind === 'closed' ? [at + 1] : []));
      expect(taken).toEqual([10, 20, 30, 40, 50]);
    });
  });
}

test('Matches faults by header, path prefix and method, and applies the first match', async ({ prober, server }) => {
  await server.client.setFaults([
    { match: { header: { name: 'X-User', value: 'qa' } }, status: 501 },
    { match: { pathPrefix: '/a/', method: 'POST' }, status: 502 },
    { match: { pathPrefix: '/a/' }, times: 2, status: 503 },
    { match: { pathPrefix: '/a/' }, share: 0.5, status: 504 },
  ]);
  const statuses = async (order: Partial<ProbeOrder>): Promise<(number | undefined)[]> => {
    const { outcomes } = await prober.client.probe({ target: server.target('http1'), ...order });
    return outcomes.map(({ ending }) => (ending.kind === 'response' ? ending.status : undefined));
  };
  expect(await statuses({ path: '/a/x', headers: { 'x-user': 'qa' } })).toEqual([501]);
  expect(await statuses({ headers: { 'x-user': 'QA' } })).toEqual([200]);
  expect(await statuses({ path: '/a/x', method: 'POST' })).toEqual([502]);
  expect(await statuses({ path: '/a', method: 'POST' })).toEqual([200]);
  expect(await statuses({ path: '/a/', count: 6 })).toEqual([503, 503, 200, 504, 200, 504]);
});

test('Replaces the usual body, with or without a status', async ({ prober, server }) => {
  await server.client.setFaults([
    { match: { pathPrefix: '/keys' }, body: '{"keys":[]}' },
    { match: { pathPrefix: '/gone' }, status: 410, body: 'gone' },
  ]);
  for (const protocol of ['http1', 'h2c'] as const) {
    const answer = async (path: string) =>
      (await prober.client.probe({ target: server.target(protocol), protocol, path })).outcomes[0]?.ending;
    expect(await answer('/keys')).toMatchObject({ status: 200, bodyStart: '{"keys":[]}' });
    expect(await answer('/gone')).toMatchObject({ status: 410, bodyStart: 'gone' });
    expect(await answer('/')).toMatchObject({ status: 200, bodyStart: expect.stringContaining('server-pod') });
  }
});

test('Applies a share exactly after any number of requests', () => {
  const entry: LedgerEntry = {
    id: '',
    at: 0,
    pod: '',
    version: '',
    port: 0,
    protocol: 'http1',
    method: '',
    path: '',
    headers: {},
    peer: '',
    connection: 0,
  };
  const hundredths = integer({ min: 1, max: 10_000 });
  assert(
    property(hundredths, integer({ min: 1, max: 3000 }), (part, n) => {
      const faults = new Faults();
      faults.set([{ share: part / 10_000 }]);
      let taken = 0;
      for (let at = 0; at < n; at += 1) taken += faults.choose(entry, true) === undefined ? 0 : 1;
      return taken === Math.floor((n * part) / 10_000);
    }),
  );
});

test('Switches readiness, and applies no fault to the readiness endpoint', async ({ server }) => {
  const ready = async (): Promise<number> => (await fetch(`http://127.0.0.1:${server.ports.ready}/ready`)).status;
  await server.client.setFaults([{ status: 500 }]);
  expect(await ready()).toBe(200);
  await server.client.setReady(false);
  expect(await ready()).toBe(503);
  await server.client.setReady(true);
  expect(await ready()).toBe(200);
});
