import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { anything, assert, property } from 'fast-check';

import { InputError } from '../../fixtures/agent/control/input.ts';
import { faultList, probeOrder } from '../../fixtures/agent/control/orders.ts';
import type { ControlError } from '../../fixtures/agent/protocol.ts';
import { expect, test } from './agents.ts';

const target = '127.0.0.1:1';

const refused: [route: string, body: unknown, field: string][] = [
  ['POST /probe', undefined, 'body'],
  ['POST /probe', null, 'body'],
  ['POST /probe', [], 'body'],
  ['POST /probe', {}, 'target'],
  ['POST /probe', { target: 'server' }, 'target'],
  ['POST /probe', { target: 'http://server:80' }, 'target'],
  ['POST /probe', { target: 'server:65536' }, 'target'],
  ['POST /probe', { target: 'a b:80' }, 'target'],
  ['POST /probe', { target, protocol: 'http3' }, 'protocol'],
  ['POST /probe', { target, count: 0 }, 'count'],
  ['POST /probe', { target, count: 1.5 }, 'count'],
  ['POST /probe', { target, count: '5' }, 'count'],
  ['POST /probe', { target, count: 1e9 }, 'count'],
  ['POST /probe', { target, concurrency: -1 }, 'concurrency'],
  ['POST /probe', { target, rate: 10 }, 'count'],
  ['POST /probe', { target, rate: 0, count: 1 }, 'rate'],
  ['POST /probe', { target, rate: 10, count: 1, concurrency: 2 }, 'concurrency'],
  ['POST /probe', { target, rate: 10, count: 1, durationMs: 5 }, 'durationMs'],
  ['POST /probe', { target, rate: 10_000, durationMs: 3_600_000 }, 'durationMs'],
  ['POST /probe', { target, durationMs: 5 }, 'durationMs'],
  ['POST /probe', { target, connections: 'some' }, 'connections'],
  ['POST /probe', { target, method: 'GET /' }, 'method'],
  ['POST /probe', { target, method: 'CONNECT' }, 'method'],
  ['POST /probe', { target, path: '' }, 'path'],
  ['POST /probe', { target, path: '/a b' }, 'path'],
  ['POST /probe', { target, path: '/\r\nx: y' }, 'path'],
  ['POST /probe', { target, path: '/\u0100' }, 'path'],
  ['POST /probe', { target, headers: [] }, 'headers'],
  ['POST /probe', { target, headers: { 'a b': 'c' } }, 'headers.a b'],
  ['POST /probe', { target, headers: { a: 'b\r\nc: d' } }, 'headers.a'],
  ['POST /probe', { target, headers: { a: 1 } }, 'headers.a'],
  ['POST /probe', { target, headers: { 'X-Agent-Id': 'mine' } }, 'headers.X-Agent-Id'],
  ['POST /probe', { target, body: {} }, 'body'],
  ['POST /probe', { target, protocol: 'tcp', body: 'a\nb' }, 'body'],
  ['POST /probe', { target, timeoutMs: 0 }, 'timeoutMs'],
  ['POST /probe', { target, keepHeaders: ['a', 'b c'] }, 'keepHeaders[1]'],
  ['POST /probe', { target, header: {} }, 'header'],
  ['PUT /certificate', undefined, 'body'],
  ['PUT /certificate', { certificate: '-----BEGIN A' }, 'key'],
  ['PUT /certificate', { certificate: '', key: '-----BEGIN A' }, 'certificate'],
  ['PUT /certificate', { certificate: '-----BEGIN A', key: '-----BEGIN A' }, 'body'],
  ['PUT /faults', {}, 'body'],
  ['PUT /faults', [{}, { status: 100 }], '[1].status'],
  ['PUT /faults', [{ share: 0 }], '[0].share'],
  ['PUT /faults', [{ share: 1.1 }], '[0].share'],
  ['PUT /faults', [{ times: 0 }], '[0].times'],
  ['PUT /faults', [{ delayMs: -1 }], '[0].delayMs'],
  ['PUT /faults', [{ grpcStatus: 17 }], '[0].grpcStatus'],
  ['PUT /faults', [{ act: 'explode' }], '[0].act'],
  ['PUT /faults', [{ match: { header: { name: 'a' } } }], '[0].match.header.value'],
  ['PUT /faults', [{ match: { header: { name: ' ', value: '' } } }], '[0].match.header.name'],
  ['PUT /faults', [{ match: { path: '/' } }], '[0].match.path'],
  ['PUT /ready', { ready: 'yes' }, 'ready'],
  ['PUT /ready', {}, 'ready'],
  ['POST /exit', { code: 256 }, 'code'],
  ['POST /exit', {}, 'code'],
  ['GET /ledger?since=-1', undefined, 'since'],
  ['GET /ledger?since=1e3', undefined, 'since'],
  ['GET /ledger?since=9007199254740991', undefined, 'since'],
  ['GET /ledger?since=99999999999999999999', undefined, 'since'],
];

test('Rejects invalid input with 400 and the name of the field', async ({ server }) => {
  const answers = [];
  for (const [route, body] of refused) {
    const [method = '', path = ''] = route.split(' ');
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`http://127.0.0.1:${server.ports.control}${path}`, { method, ...init });
    const { field, error }: Partial<ControlError> = JSON.parse(await response.text());
    answers.push([route, body, field, response.status, typeof error]);
  }
  expect(answers).toEqual(refused.map((row) => [...row, 400, 'string']));
});

test('Rejects unknown routes, invalid JSON and long bodies, and keeps running', async ({ server }) => {
  const control = `http://127.0.0.1:${server.ports.control}`;
  const put = (body: string): Promise<Response> => fetch(`${control}/faults`, { method: 'PUT', body });
  expect((await put('{"a":')).status).toBe(400);
  expect((await put('[{"__proto__":{"status":500}}]')).status).toBe(400);
  expect((await put('x'.repeat(17 * 1_048_576))).status).toBe(400);
  for (const path of ['/nothing', '//', '/probe', '/../faults', '/%', '/ledger/'])
    expect((await fetch(control + path)).status, path).toBe(404);
  for (const target of ['*', 'http://%/?since=%zz', '//?', '/ledger?since=%']) {
    const socket = connect(server.ports.control, '127.0.0.1');
    socket.end(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`);
    expect(await text(socket), target).toMatch(/^HTTP\/1.1 40[04] /);
  }
  expect(await server.client.identity()).toMatchObject({ pod: 'server-pod', version: 'v1' });
});

test('Accepts any input, or rejects it with the name of a field', () => {
  for (const check of [probeOrder, faultList] as ((value: unknown, field: string) => void)[]) {
    assert(
      property(anything(), (value) => {
        try {
          check(value, 'body');
          return Array.isArray(value) && check === faultList;
        } catch (error) {
          return error instanceof InputError && error.field !== '';
        }
      }),
      { numRuns: 2000 },
    );
  }
});
