import type { LedgerPage } from '../../fixtures/agent/protocol.ts';
import { Ledger } from '../../fixtures/agent/server/ledger.ts';
import { expect, startAgent, test } from './agents.ts';

function page(ledger: Ledger, since: number): LedgerPage {
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

test('Returns the entries after a mark, and the next mark', () => {
  const ledger = filled(10, 4);
  expect(page(ledger, 0)).toMatchObject({ next: 4, more: false, dropped: 0 });
  expect(ids(page(ledger, 2))).toEqual(['2', '3']);
  expect(page(ledger, 4)).toMatchObject({ entries: [], next: 4 });
  expect(ledger.next).toBe(4);
});

test('Rejects a mark beyond the end, for which an empty result would be misleading', () => {
  expect(() => filled(10, 4).since(5)).toThrow('the ledger ends at 4');
  expect(() => filled(10, 4).since(Number.MAX_SAFE_INTEGER)).toThrow(RangeError);
});

test('Counts entries that the ring buffer has overwritten', () => {
  const ledger = filled(5, 12);
  expect(page(ledger, 4)).toMatchObject({ next: 12, dropped: 3 });
  expect(ids(page(ledger, 4))).toEqual(['7', '8', '9', '10', '11']);
  expect(page(ledger, 7).dropped).toBe(0);
});

test('Returns a long ledger in pages without gaps or overlaps', () => {
  const ledger = filled(200_000, 25_000);
  const seen: string[] = [];
  for (let next = 0, more = true; more;) {
    const { entries, ...rest } = page(ledger, next);
    seen.push(...ids({ entries }));
    ({ next, more } = rest);
  }
  expect(seen).toEqual(Array.from({ length: 25_000 }, (_, id) => String(id)));
});

test('Reports a lost ledger after a restart, whatever the mark', async ({ prober }) => {
  await using first = await startAgent('server-v2', 'v2');
  await using second = await startAgent('server-v2', 'v2');
  const send = (server: typeof first, count: number) => prober.client.probe({ target: server.target('tcp'), protocol: 'tcp', count });
  await send(first, 3);
  const mark = await first.client.mark();
  expect(mark.next).toBe(3);
  await send(first, 2);
  expect((await first.client.ledger(mark)).entries).toHaveLength(2);
  // Records before the restart are gone; an empty result would mean that nothing had arrived.
  const lost = { code: 'LEDGER_LOST', message: 'server-v2 restarted; its ledger is lost' };
  await expect(second.client.ledger(mark)).rejects.toMatchObject(lost);
  await send(second, 7);
  await expect(second.client.ledger(mark)).rejects.toMatchObject(lost);
});

test('Reads all pages, and fails if entries are gone', async ({ prober }) => {
  await using server = await startAgent('small-pod', 'v1', { env: { AGENT_LEDGER_SIZE: '6000' } });
  const send = (count: number) => prober.client.probe({ target: server.target('tcp'), protocol: 'tcp', count, concurrency: 16 });
  await send(5500);
  expect((await server.client.ledger()).entries).toHaveLength(5500);
  await send(1000);
  await expect(server.client.ledger()).rejects.toMatchObject({ code: 'LEDGER_OVERRUN' });
});
