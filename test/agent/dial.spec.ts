import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { DialRefused } from '../../fixtures/agent/dialed-stream.ts';
import { expect, test } from './agents.ts';

/** A server on a free loopback port that handles each connection with `serve`. */
async function listening(serve: (socket: Socket) => void, options = {}): Promise<AsyncDisposable & { address: string; server: Server }> {
  const server = createServer(options, serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    address: `127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

test('Relays data both ways through connections that the agent opened, many at once and large amounts too', async ({ prober }) => {
  await using echo = await listening((socket) => socket.pipe(socket), { allowHalfOpen: true });
  const sizes = [1, 70_000, 3_000_000, 12];
  const answers = await Promise.all(
    sizes.map(async (size) => {
      const stream = prober.client.dial(echo.address);
      const sent = Buffer.alloc(size, String(size));
      stream.write(sent);
      const parts: Buffer[] = [];
      for await (const part of stream as AsyncIterable<Buffer>) {
        parts.push(part);
        if (Buffer.concat(parts).length >= size) break;
      }
      return Buffer.concat(parts).equals(sent);
    }),
  );
  expect(answers).toEqual(sizes.map(() => true));
});

test('Delivers everything that a server sent before it closed, and reports the close', async ({ prober }) => {
  await using greeter = await listening((socket) => socket.end('welcome'));
  const stream = prober.client.dial(greeter.address);
  expect((await buffer(stream)).toString()).toBe('welcome');
  expect(stream.ending).toEqual({ kind: 'closed', when: 'before-send' });
});

test('Distinguishes a reset from a normal close', async ({ prober }) => {
  await using resetter = await listening((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const stream = prober.client.dial(resetter.address);
  stream.on('error', () => undefined);
  stream.write('hello');
  stream.resume();
  await once(stream, 'close');
  expect(stream.ending).toEqual({ kind: 'reset', when: 'after-send' });
});

test('Reports a refused connection and an unknown name', async ({ prober }) => {
  const gone = await listening(() => undefined);
  await gone[Symbol.asyncDispose]();
  for (const [target, kind] of [
    [gone.address, 'connection-refused'],
    ['nobody.invalid:80', 'dns'],
    ['no-port', 'tool'],
  ] as const) {
    const stream = prober.client.dial(target);
    const [error]: unknown[] = await once(stream, 'error', { signal: AbortSignal.timeout(10_000) }).catch((reason: unknown) => [reason]);
    expect(error).toBeInstanceOf(DialRefused);
    expect(stream.ending?.kind, target).toBe(kind);
  }
});

test('Closes the connection to the peer when the client disconnects', async ({ prober }) => {
  const heard = Promise.withResolvers<void>();
  await using patient = await listening((socket) =>
    socket
      .resume()
      .on('error', () => undefined)
      .once('close', () => heard.resolve()),
  );
  const stream = prober.client.dial(patient.address);
  stream.write('hello');
  await once(patient.server, 'connection');
  stream.destroy();
  await heard.promise;
});
