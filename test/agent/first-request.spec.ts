import { createServer } from 'node:net';
import { once } from 'node:events';

import { expect, startAgent, test } from './agents.ts';

test('Sends a configured first request once, and reports its outcome', async ({ server, mark }) => {
  const url = `http://${server.target('http1')}/at/once?a=b`;
  await using early = await startAgent('early-pod', 'v1', { env: { AGENT_FIRST_REQUEST: url } });
  const first = await early.client.firstRequest();
  expect(first).toMatchObject({ from: 'early-pod', outcomes: [{ ending: { kind: 'response', status: 200 } }] });
  const { entries } = await server.client.ledger(mark);
  expect(entries).toMatchObject([{ id: first?.outcomes[0]?.id, path: '/at/once?a=b', method: 'GET' }]);
});

test('Does not repeat a failed first request, and starts anyway', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const address = nobody.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  nobody.close();
  await using early = await startAgent('early-pod', 'v1', { env: { AGENT_FIRST_REQUEST: `http://127.0.0.1:${port}/` } });
  expect((await early.client.firstRequest())?.outcomes.map(({ ending }) => ending)).toEqual([{ kind: 'connection-refused' }]);
});

test('Reports null without a configured first request', async ({ server }) => {
  expect(await server.client.firstRequest()).toBeNull();
});
