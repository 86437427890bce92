import { once } from 'node:events';
import { Agent } from 'node:http';

import { until } from '../../clusters/until.ts';
import { AgentClient } from '../../fixtures/agent/client.ts';
import { expect, startAgent, test } from './agents.ts';

test('Finishes requests in progress when it is terminated', async ({ prober }) => {
  await using server = await startAgent('ending-pod', 'v1');
  await server.client.setFaults([
    { times: 1, delayMs: 300 },
    { times: 1, act: 'hang' },
  ]);
  const target = server.target('http1');
  const delayed = prober.client.probe({ target });
  await until(async () => (await server.client.state()).inFlight === 1, { what: 'a request in progress', timeoutMs: 3000, everyMs: 10 });
  const hanging = prober.client.probe({ target, timeoutMs: 4000 });
  await until(async () => (await server.client.state()).inFlight === 2, { what: 'two requests in progress', timeoutMs: 3000, everyMs: 10 });
  const ended = once(server.process, 'exit');
  server.process.kill('SIGTERM');
  expect((await delayed).outcomes[0]?.ending).toMatchObject({ kind: 'response', status: 200 });
  expect(await ended).toEqual([0, null]);
  expect((await hanging).outcomes[0]?.ending.kind).toMatch(/^(closed|reset)$/);
});

test('Exits with the requested code, after the response', async () => {
  const server = await startAgent('exiting-pod', 'v1');
  const ended = once(server.process, 'exit');
  await server.client.exit(7);
  expect(await ended).toEqual([7, null]);
});

test('Reports an unreachable agent', async () => {
  const server = await startAgent('gone-pod', 'v1');
  await server[Symbol.asyncDispose]();
  const client = new AgentClient(new Agent(), { port: server.ports.control });
  await expect(client.state()).rejects.toMatchObject({ code: 'AGENT_UNREACHABLE' });
});

test('Names the field of an order that the agent rejects', async ({ prober }) => {
  const order = { target: 'nowhere' };
  await expect(prober.client.probe(order)).rejects.toMatchObject({ code: 'AGENT_REFUSED', message: expect.stringContaining('target') });
});

test('Ends an order in the agent when its caller aborts', async ({ prober }) => {
  await using server = await startAgent('abandoned-pod', 'v1');
  const stop = new AbortController();
  const order = { target: server.target('http1'), rate: 100, durationMs: 600_000 };
  const history = prober.client.probe(order, { signal: stop.signal });
  const open = async () => (await server.client.state()).connections[server.ports.http]?.open ?? 0;
  await until(async () => (await open()) > 0, { what: 'requests', timeoutMs: 5000 });
  stop.abort(new Error('enough'));
  await expect(history).rejects.toThrow('enough');
  await until(async () => (await open()) === 0, { what: 'the order to end', timeoutMs: 5000 });
});
