import { createServer } from 'node:net';
import { once } from 'node:events';

import { expect, startAgent, test } from './agents.ts';

test('told of a first request, the agent makes it once and tells what became of it', async ({ server, mark }) => {
  const url = `http://${server.target('http1')}/at/once?a=b`;
  await using early = await startAgent('early-pod', 'v1', { env: { AGENT_FIRST_REQUEST: url } });
  const first = await early.client.firstRequest();
  expect(first).toMatchObject({ from: 'early-pod', outcomes: [{ ending: { kind: 'response', status: 200 } }] });
  const { entries } = await server.client.ledger(mark);
  expect(entries).toMatchObject([{ id: first?.outcomes[0]?.id, path: '/at/once?a=b', method: 'GET' }]);
});

test('a first request that finds nobody is not made again, and the agent starts all the same', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const address = nobody.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  nobody.close();
  await using early = await startAgent('early-pod', 'v1', { env: { AGENT_FIRST_REQUEST: `http://127.0.0.1:${port}/` } });
  expect((await early.client.firstRequest())?.outcomes.map(({ ending }) => ending)).toEqual([{ kind: 'connection-refused' }]);
});

test('an agent that was told of no first request says so', async ({ server }) => {
  expect(await server.client.firstRequest()).toBeNull();
});
