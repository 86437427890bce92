import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { until } from '../../clusters/until.ts';
import { AgentClient } from '../../fixtures/agent/client.ts';
import { expect, test } from './agents.ts';

/** Calls a control port like a client without leases, which renews nothing. */
async function ask(port: number, method: string, path: string, body?: unknown): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const asked = request({ host: '127.0.0.1', port, method, path }, (response) => {
    response.resume();
    response.once('end', () => resolve(response.statusCode ?? 0));
  });
  asked.once('error', reject).end(body === undefined ? '' : JSON.stringify(body));
  return await promise;
}

const isReady = async (port: number) => (await ask(port, 'GET', '/ready')) === 200;

test('Ends faults and unreadiness when their lease is not renewed, and reports it once', async ({ prober, server }) => {
  const { control, ready } = server.ports;
  const answers = async () => (await prober.client.probe({ target: server.target('http1') })).outcomes.map(({ ending }) => ending);
  expect(await ask(control, 'PUT', '/faults?leaseMs=400', [{ status: 500 }])).toBe(200);
  expect(await ask(control, 'PUT', '/ready?leaseMs=400', { ready: false })).toBe(200);
  expect(await answers()).toMatchObject([{ status: 500 }]);
  expect(await isReady(ready)).toBe(false);
  await until(() => isReady(ready), { what: 'the end of the lease', timeoutMs: 5_000, everyMs: 20 });
  expect(await answers()).toMatchObject([{ status: 200 }]);
  expect(await server.client.state()).toMatchObject({ faults: 0, ready: true });
  expect([(await server.client.pace()).lapses, (await server.client.pace()).lapses]).toEqual([1, 0]);
});

test('Keeps a fault whose lease is renewed, or that has no lease', async ({ server }) => {
  const { control, ready } = server.ports;
  await ask(control, 'PUT', '/ready?leaseMs=400', { ready: false });
  const began = performance.now();
  const renewed = async () => {
    expect(await ask(control, 'POST', '/lease?leaseMs=400')).toBe(200);
    return performance.now() - began > 1_000;
  };
  await until(renewed, { what: 'more than two leases', timeoutMs: 5_000, everyMs: 50 });
  expect(await isReady(ready)).toBe(false);
  await ask(control, 'PUT', '/ready', { ready: false });
  const later = performance.now();
  await until(() => performance.now() - later > 800, { what: 'more than a lease', timeoutMs: 5_000 });
  expect(await isReady(ready)).toBe(false);
  expect((await server.client.pace()).lapses).toBe(0);
});

test('Renews the lease of what the client has set', async ({ server }) => {
  await server.client.setReady(false);
  await server.client.setFaults([{ status: 500 }]);
  await server.client.setFaults([]);
  expect(await isReady(server.ports.ready)).toBe(false);
  await server.client.setReady(true);
  expect(await isReady(server.ports.ready)).toBe(true);
});

test('Ignores a renewal that arrives after the order that ended its lease', async ({ server }) => {
  const { control, ready } = server.ports;
  await ask(control, 'PUT', '/ready?leaseMs=400', { ready: false });
  await ask(control, 'PUT', '/ready', { ready: false });
  expect(await ask(control, 'POST', '/lease?leaseMs=1')).toBe(200);
  await expect(until(() => isReady(ready), { what: 'the end of a lease', timeoutMs: 300, everyMs: 20 })).rejects.toMatchObject({
    code: 'TIMED_OUT',
  });
  expect((await server.client.pace()).lapses).toBe(0);
});

test('Rejects a lease of length zero', async ({ server }) => {
  for (const ms of ['0', '-1', 'x', '99999999']) expect(await ask(server.ports.control, 'POST', `/lease?leaseMs=${ms}`)).toBe(400);
});

test('Ends the lease when the server is healed, without reporting that it expired', async () => {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new AgentClient(new Agent(), { port: (server.address() as AddressInfo).port });
  await client.setFaults([]);
  await client.setReady(false);
  await client.setFaults([]);
  await client.setReady(true);
  await client.setAnswers([{ body: '{}' }]);
  server.close();
  expect(asked).toEqual(['PUT /faults', 'PUT /ready?leaseMs=10000', 'PUT /faults?leaseMs=10000', 'PUT /ready', 'PUT /faults']);
});

test('Reports how many faults it applies, and whether it is ready', async ({ server: { client } }) => {
  await client.setFaults([{ status: 500 }, { act: 'hang' }]);
  await client.setReady(false);
  expect(await client.state()).toMatchObject({ faults: 2, ready: false });
  await client.setFaults([]);
  await client.setReady(true);
  expect(await client.state()).toMatchObject({ faults: 0, ready: true });
});
