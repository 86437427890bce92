import { expect, test } from './on-stand-in.ts';

const POD = { namespace: 'shop', name: 'a' };
const PATH = '/api/v1/namespaces/shop/pods/a';

/** A message on a channel: 1 standard output, 2 standard error, 3 status. */
const message = (channel: number, text: string): Buffer => Buffer.concat([Buffer.of(channel), Buffer.from(text)]);
const ended = (status: unknown): Buffer => message(3, JSON.stringify(status));

test.beforeEach(({ server }) => {
  server.put(PATH, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
});

test("Returns a program's output completely, in two streams, even if a multi-byte character was split", async ({ api, server }) => {
  const dials: URLSearchParams[] = [];
  server.exec = (webSocket, query) => {
    dials.push(query);
    const text = Buffer.from('größer');
    webSocket.send(message(1, ''));
    webSocket.send(Buffer.concat([Buffer.of(1), text.subarray(0, 3)]));
    webSocket.send(message(2, 'warned'));
    webSocket.send(Buffer.concat([Buffer.of(1), text.subarray(3)]));
    webSocket.send(ended({ status: 'Success' }));
    webSocket.close();
  };
  const done = await api.exec(POD, { container: 'app', command: ['printf', '%s', 'a b&c'] });
  expect(done).toEqual({ stdout: 'größer', stderr: 'warned', exitCode: 0 });
  expect(dials[0]?.getAll('command')).toEqual(['printf', '%s', 'a b&c']);
  expect(dials[0]?.get('container')).toBe('app');
});

test("Does not treat a program's failure as an error of the tool", async ({ api, server }) => {
  server.exec = (webSocket) => {
    webSocket.send(message(2, 'no such file'));
    webSocket.send(ended({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '104' }] } }));
    webSocket.close();
  };
  expect(await api.exec(POD, { container: 'app', command: ['false'] })).toEqual({ stdout: '', stderr: 'no such file', exitCode: 104 });
});

test('Fails if a program cannot be started, or if the connection is lost while it runs', async ({ api, server }) => {
  server.exec = (webSocket) => {
    webSocket.send(ended({ status: 'Failure', message: 'exec: "nope": executable file not found' }));
    webSocket.close();
  };
  const order = { container: 'app', command: ['nope'] };
  await expect(api.exec(POD, order)).rejects.toMatchObject({
    code: 'POD_EXEC',
    message: 'running nope in shop/a (app) failed: exec: "nope": executable file not found',
  });
  server.exec = (webSocket) => {
    webSocket.send(message(1, 'half'));
    webSocket.terminate();
  };
  await expect(api.exec(POD, order)).rejects.toMatchObject({ code: 'POD_EXEC', message: expect.stringContaining('was lost') });
});

test("Reports a missing pod as a rejection in the server's words", async ({ api }) => {
  const missing = api.exec({ namespace: 'shop', name: 'b' }, { container: 'app', command: ['true'] });
  await expect(missing).rejects.toMatchObject({ code: 'API_REFUSED', status: 404, message: expect.stringContaining('"b" not found') });
});

test('Gives up on a program that does not end in time', async ({ api, server }) => {
  server.exec = () => undefined;
  const hung = api.exec(POD, { container: 'app', command: ['sleep', '9'], timeoutMs: 50 });
  await expect(hung).rejects.toMatchObject({ code: 'POD_TIMED_OUT', message: expect.stringContaining('sleep') });
});
