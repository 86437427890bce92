import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { constants, createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

import type { Ending, ProbeOrder } from '../../fixtures/agent/protocol.ts';
import { endingOf } from '../../fixtures/agent/prober/endings.ts';
import { expect, PROTOCOLS, test, type RunningAgent } from './agents.ts';

/** A server on a free loopback port that counts its connections. */
async function listening(server: Server): Promise<{ target: string; accepted: () => number } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return {
    target: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    accepted: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function endings({ client }: RunningAgent, order: ProbeOrder): Promise<Ending[]> {
  return (await client.probe({ count: 3, timeoutMs: 2000, ...order })).outcomes.map(({ ending }) => ending);
}

const error = (code: string, syscall?: string): Error =>
  Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) });

const three = <T>(ending: T): T[] => [ending, ending, ending];

for (const protocol of PROTOCOLS) {
  test.describe(protocol, () => {
    test('Reports a refused connection to a port without a listener', async ({ prober }) => {
      const closing = await listening(createServer());
      await closing[Symbol.asyncDispose]();
      expect(await endings(prober, { target: closing.target, protocol })).toEqual(three({ kind: 'connection-refused' }));
    });

    test('Reports a DNS error for a name that does not exist', async ({ prober }) => {
      expect(await endings(prober, { target: 'nobody.invalid:80', protocol, timeoutMs: 10_000 })).toEqual(three({ kind: 'dns' }));
    });

    test('Reports an outcome for each request to an invalid host', async ({ prober }) => {
      const found = await endings(prober, { target: 'a%zz<:80', protocol, rate: 100 });
      for (const { kind } of found) expect(['dns', 'tool']).toContain(kind);
    });

    test('Sends each request once to a server that resets or closes the connection', async ({ prober }) => {
      for (const [kind, end] of [
        ['reset', (socket: Socket) => socket.resetAndDestroy()],
        ['closed', (socket: Socket) => socket.destroy()],
      ] as const) {
        await using server = await listening(createServer((socket) => socket.once('data', () => end(socket))));
        expect(await endings(prober, { target: server.target, protocol })).toEqual(three({ kind, when: 'after-send' }));
        expect(server.accepted()).toBe(3);
      }
    });

    test('Times out while waiting for a silent server', async ({ prober }) => {
      await using server = await listening(createServer());
      expect(await endings(prober, { target: server.target, protocol, timeoutMs: 100 })).toEqual(
        three({ kind: 'timeout', stage: 'response' }),
      );
    });

    test('Reports a protocol error for a response of another protocol', async ({ prober }) => {
      await using server = await listening(createServer((socket) => socket.once('data', () => socket.end('220 ready when you are\r\n'))));
      expect((await endings(prober, { target: server.target, protocol })).map(({ kind }) => kind)).toEqual(three('protocol'));
    });
  });
}

test('Times out while connecting to a host that does not respond', async ({ prober }) => {
  // A stopped process with a full backlog: Linux drops further connection attempts.
  const script = `const s = require('net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(String(s.address().port)))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(createInterface(child.stdout), 'line');
    child.kill('SIGSTOP');
    const order = { target: `127.0.0.1:${port}`, connections: 'new' as const, count: 8, concurrency: 8, timeoutMs: 300 };
    for (const { outcomes, order: given } of await Promise.all(PROTOCOLS.map((protocol) => prober.client.probe({ ...order, protocol })))) {
      const stages = new Set(outcomes.map(({ ending }) => (ending.kind === 'timeout' ? ending.stage : ending.kind)));
      expect(stages, given.protocol).toContain('connect');
      expect(stages.difference(new Set(['connect', 'response'])), given.protocol).toEqual(new Set());
    }
  } finally {
    child.kill('SIGKILL');
  }
});

for (const protocol of ['http1', 'websocket', 'tcp'] as const) {
  test(`Reports a TLS alert by name over ${protocol}`, async ({ prober }) => {
    // A fatal handshake_failure as a TLS record.
    const alert = Buffer.from([21, 3, 3, 0, 2, 2, 40]);
    await using server = await listening(createServer((socket) => socket.once('data', () => socket.end(alert))));
    expect(await endings(prober, { target: server.target, protocol })).toEqual(three({ kind: 'tls', alert: 'handshake_failure' }));
  });
}

test('Does not treat a truncated response as a response', async ({ prober }) => {
  const half = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of';
  for (const [kind, end] of [
    ['reset', (socket: Socket) => void socket.resetAndDestroy()],
    ['closed', (socket: Socket) => void socket.end()],
  ] as const) {
    await using server = await listening(
      createServer((socket) => socket.once('data', () => socket.write(half, () => setTimeout(end, 30, socket)))),
    );
    expect(await endings(prober, { target: server.target })).toEqual(three({ kind, when: 'after-send' }));
  }
});

test('Replaces kept connections that the server closed while idle, and sends nothing twice', async ({ prober }) => {
  for (const end of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
    let received = 0;
    const http = createHttpServer((request, response) => {
      received += 1;
      response.end('answered', () => setImmediate(end, request.socket));
    });
    await using server = await listening(http);
    const found = await endings(prober, { target: server.target, count: 200, concurrency: 4 });
    const answered = found.filter(({ kind }) => kind === 'response').length;
    expect(answered).toBe(received);
    expect(found.filter(({ kind }) => !['response', 'reset', 'closed'].includes(kind))).toEqual([]);
    expect(found).toHaveLength(200);
  }
});

test('Ends only the stream that the peer reset', async ({ prober }) => {
  const http2 = createHttp2Server();
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === '/whole') stream.respond({ ':status': 200 }, { endStream: true });
    else stream.close(headers[':path'] === '/broken' ? constants.NGHTTP2_PROTOCOL_ERROR : constants.NGHTTP2_CANCEL);
  });
  await using server = await listening(http2);
  const { target } = server;
  expect(await endings(prober, { target, protocol: 'h2c', path: '/reset' })).toEqual(three({ kind: 'reset', when: 'after-send' }));
  expect((await endings(prober, { target, protocol: 'h2c', path: '/broken' })).map(({ kind }) => kind)).toEqual(three('protocol'));
  expect((await endings(prober, { target, protocol: 'h2c', path: '/whole' })).map(({ kind }) => kind)).toEqual(three('response'));
  expect(server.accepted()).toBe(3);
});

test('Opens more connections to a peer that allows a hundred streams, so that no request waits', async ({ prober }) => {
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 100 } });
  const waiting: (() => void)[] = [];
  http2.on('stream', (stream) => {
    waiting.push(() => stream.respond({ ':status': 200 }, { endStream: true }));
    if (waiting.length === 250) for (const answer of waiting) answer();
  });
  await using server = await listening(http2);
  const found = await endings(prober, { target: server.target, protocol: 'h2c', count: 250, concurrency: 250, timeoutMs: 5000 });
  expect(found.filter((ending) => ending.kind !== 'response' || ending.status !== 200)).toEqual([]);
  expect(server.accepted()).toBe(3);
});

test('Distinguishes errors by whether the request was passed to the connection', () => {
  const sent = { connected: true, handed: true };
  const unsent = { connected: true, handed: false };
  const outside = { connected: false, handed: false };
  expect(endingOf(error('ECONNRESET', 'read'), sent)).toEqual({ kind: 'reset', when: 'after-send' });
  expect(endingOf(error('EPIPE', 'write'), unsent)).toEqual({ kind: 'reset', when: 'before-send' });
  expect(endingOf(error('ECONNRESET'), unsent)).toEqual({ kind: 'closed', when: 'before-send' });
  expect(endingOf(error('ECONNREFUSED', 'connect'), outside)).toEqual({ kind: 'connection-refused' });
  expect(endingOf(error('EAI_AGAIN', 'getaddrinfo'), outside)).toEqual({ kind: 'dns' });
  expect(endingOf(error('ETIMEDOUT', 'connect'), outside)).toEqual({ kind: 'timeout', stage: 'connect' });
  expect(endingOf(error('ETIMEDOUT', 'read'), sent)).toEqual({ kind: 'timeout', stage: 'response' });
  expect(endingOf(error('EMFILE', 'connect'), outside)).toEqual({ kind: 'tool', detail: 'EMFILE EMFILE' });
});
