import { Client, credentials, Metadata, Server, ServerCredentials, status, type ServiceError } from '@grpc/grpc-js';
import { assert, property, uint8Array } from 'fast-check';

import { frame, unframe } from '../../fixtures/agent/grpc.ts';
import { expect, test } from './agents.ts';

const same = (bytes: Buffer): Buffer => bytes;

/** A unary method with raw bytes as messages. */
const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

/** A unary call with @grpc/grpc-js. */
function call(target: string, path: string, message: Buffer): Promise<{ error?: ServiceError; answer?: Buffer }> {
  const client = new Client(target, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-agent-id', 'by-grpc-js');
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, same, same, message, metadata, (error, answer) => {
      client.close();
      resolve({ ...(error && { error }), ...(answer && { answer }) });
    });
  });
}

test('Echoes messages of any length to a @grpc/grpc-js client, for any method', async ({ server, mark }) => {
  for (const message of [Buffer.alloc(0), Buffer.from('hello'), Buffer.alloc(300_000, 'x')]) {
    const { error, answer } = await call(server.target('grpc'), '/any.Package.Service/Method', message);
    expect(error).toBeUndefined();
    expect(answer?.equals(message)).toBe(true);
  }
  const seen = { id: 'by-grpc-js', protocol: 'grpc', path: '/any.Package.Service/Method', method: 'POST' };
  expect((await server.client.ledger(mark)).entries).toMatchObject([seen, seen, seen]);
});

test('Returns the status of a fault to a @grpc/grpc-js client', async ({ server }) => {
  await server.client.setFaults([{ times: 1, grpcStatus: status.RESOURCE_EXHAUSTED }, { status: 403 }]);
  expect((await call(server.target('grpc'), '/a.B/C', Buffer.from('x'))).error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect((await call(server.target('grpc'), '/a.B/C', Buffer.from('x'))).error?.code).toBe(status.PERMISSION_DENIED);
});

test('Gets responses from a @grpc/grpc-js server', async ({ prober }) => {
  const oracle = new Server();
  oracle.addService(
    { echo: method('/oracle.Oracle/Echo'), fail: method('/oracle.Oracle/Fail') },
    {
      echo: (request: { request: Buffer }, done: (error: null, message: Buffer) => void) => done(null, request.request),
      fail: (_request: unknown, done: (error: object) => void) => done({ code: status.UNAVAILABLE, details: 'as asked' }),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    oracle.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
  });
  const endingOf = async (path: string): Promise<unknown> => {
    const { outcomes } = await prober.client.probe({ target: `127.0.0.1:${port}`, protocol: 'grpc', path, body: 'hello' });
    return outcomes[0]?.ending;
  };
  try {
    expect(await endingOf('/oracle.Oracle/Echo')).toMatchObject({ kind: 'response', status: 200, grpcStatus: 0, bodyStart: 'hello' });
    expect(await endingOf('/oracle.Oracle/Fail')).toMatchObject({
      grpcStatus: status.UNAVAILABLE,
      headers: { 'grpc-message': 'as%20asked' },
    });
    expect(await endingOf('/oracle.Oracle/Nothing')).toMatchObject({ grpcStatus: status.UNIMPLEMENTED });
  } finally {
    oracle.forceShutdown();
  }
});

test('Rejects a body that is not exactly one uncompressed message', () => {
  assert(
    property(uint8Array(), (message) => {
      const framed = frame(message);
      const compressed = Buffer.from(framed).fill(1, 0, 1);
      return (
        unframe(framed)?.equals(message) === true &&
        unframe(compressed) === undefined &&
        unframe(framed.subarray(0, -1)) === undefined &&
        unframe(Buffer.concat([framed, framed])) === undefined
      );
    }),
  );
});
