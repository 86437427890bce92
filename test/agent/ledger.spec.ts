import type { ControlRoutes } from '../../fixtures/agent/protocol.ts';
import { Ledger } from '../../fixtures/agent/server/ledger.ts';
import { expect, startAgent, test } from './agents.ts';

function page(ledger: Ledger, since: number): ControlRoutes['GET /ledger?since=N'] {
  return JSON.parse(ledger.since(since));
}

function filled(size: number, entries: number): Ledger {
  const ledger = new Ledger(size);
  const entry = {
    at: 0,
    pod: '',
    version: '',
    port: 1,
    protocol: 'tcp',
    method: '',
    path: '',
    headers: {},
    peer: '',
    connection: 1,
  } as const;
  for (let id = 0; id < entries; id += 1) ledger.add({ ...entry, id: String(id) });
  return ledger;
}

const ids = ({ entries }: { entries: { id: string }[] }): string[] => entries.map(({ id }) => id);

test('a mark gives what came after it, and the mark to go on from', () => {
  const ledger = filled(10, 4);
  expect(page(ledger, 0)).toMatchObject({ next: 4, more: false, dropped: 0 });
  expect(ids(page(ledger, 2))).toEqual(['2', '3']);
  expect(page(ledger, 4)).toMatchObject({ entries: [], next: 4 });
  expect(page(ledger, Number.MAX_SAFE_INTEGER)).toEqual({ entries: [], next: 4, more: false, dropped: 0 });
});

test('what the ring has overwritten is counted, never passed over in silence', () => {
  const ledger = filled(5, 12);
  expect(page(ledger, 4)).toMatchObject({ next: 12, dropped: 3 });
  expect(ids(page(ledger, 4))).toEqual(['7', '8', '9', '10', '11']);
  expect(page(ledger, 7).dropped).toBe(0);
});

test('a long ledger comes in pages without gap or overlap', () => {
  const ledger = filled(200_000, 25_000);
  const seen: string[] = [];
  for (let next = 0, more = true; more;) {
    const { entries, ...rest } = page(ledger, next);
    seen.push(...ids({ entries }));
    ({ next, more } = rest);
  }
  expect(seen).toEqual(Array.from({ length: 25_000 }, (_, id) => String(id)));
});

test('the client reads all pages, and says so when entries are gone', async ({ prober }) => {
  await using server = await startAgent('small-pod', 'v1', { env: { AGENT_LEDGER_SIZE: '6000' } });
  const send = (count: number) => prober.client.probe({ target: server.target('tcp'), protocol: 'tcp', count, concurrency: 16 });
  await send(5500);
  expect((await server.client.ledger()).entries).toHaveLength(5500);
  await send(1000);
  await expect(server.client.ledger()).rejects.toMatchObject({ code: 'LEDGER_OVERRUN' });
});
