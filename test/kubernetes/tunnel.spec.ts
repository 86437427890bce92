import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

import { exec } from '../../clusters/exec.ts';
import { requestJson, requestText } from '../../clusters/kubernetes/tunnel.ts';
import { until } from '../../clusters/until.ts';
import { expect, test } from './on-tunnel.ts';
import { bridge } from './port-forward.ts';

const digest = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

test('Transfers JSON both ways, over one kept connection', async ({ tunnel, server, podServer }) => {
  podServer.answer = (request, response) => void request.pipe(response);
  for (let round = 0; round < 50; round++) expect(await requestJson(tunnel, 'POST', '/probe', { round })).toEqual({ round });
  expect(server.dials).toBe(1);
});

test('Opens a connection for each concurrent request', async ({ tunnel, podServer }) => {
  podServer.answer = (request, response) => void request.pipe(response);
  const rounds = Array.from({ length: 8 }, (_, round) => round);
  expect(await Promise.all(rounds.map((round) => requestJson(tunnel, 'PUT', '/', round)))).toEqual(rounds);
});

test('Transfers a body of 5 MB intact, in both directions', async ({ tunnel, podServer }) => {
  const large = randomBytes(2_500_000).toString('hex');
  podServer.answer = (_request, response) => void response.end(large);
  expect(digest(await requestText(tunnel, 'GET', '/history'))).toBe(digest(large));
  podServer.answer = (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (chunk: Buffer) => hash.update(chunk));
    request.on('end', () => response.end(hash.digest('hex')));
  };
  expect(await requestText(tunnel, 'POST', '/', large)).toBe(digest(large));
});

test('Accepts a body that ends with the connection as complete', async ({ tunnel, podServer, server }) => {
  const large = 'x'.repeat(1_000_000);
  podServer.answer = (_request, response) => {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.removeHeader('content-length');
    response.end(large);
  };
  for (let round = 0; round < 3; round++) expect(await requestText(tunnel, 'GET', '/')).toHaveLength(large.length);
  expect(server.dials).toBe(3);
});

test('Fails on a reset within a body, and reconnects for the next request', async ({ tunnel, podServer, server }) => {
  podServer.answer = (_request, response) => {
    response.writeHead(200, { 'content-length': '1000000' });
    response.write('x'.repeat(100_000), () => {
      for (const socket of server.sockets) socket.destroy();
    });
  };
  const failed = requestText(tunnel, 'GET', '/');
  await expect(failed).rejects.toMatchObject({ code: 'POD_UNREACHABLE', message: expect.stringContaining('GET / on shop/a:15999 failed') });
  podServer.answer = (_request, response) => void response.end('back');
  expect(await requestText(tunnel, 'GET', '/')).toBe('back');
  expect(server.dials).toBe(2);
});

test('Does not mistake a lost connection for the end of a body', async ({ tunnel, podServer, server }) => {
  podServer.answer = (_request, response) => {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.write('x'.repeat(100_000), () => {
      for (const socket of server.sockets) socket.destroy();
    });
  };
  await expect(requestText(tunnel, 'GET', '/')).rejects.toMatchObject({ code: 'POD_UNREACHABLE' });
});

test('Fails if the peer closes within a body', async ({ tunnel, podServer }) => {
  podServer.answer = (request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('x', () => request.socket.end());
  };
  await expect(requestText(tunnel, 'GET', '/')).rejects.toMatchObject({ code: 'POD_UNREACHABLE' });
});

test('Does not reuse an idle connection that the peer has closed', async ({ tunnel, podServer, server }) => {
  podServer.answer = (request, response) => void response.end('x', () => request.socket.end());
  await requestText(tunnel, 'GET', '/');
  await until(() => Object.values(tunnel.freeSockets).flat().length === 0, { what: 'the agent to let go', timeoutMs: 5_000, everyMs: 5 });
  await requestText(tunnel, 'POST', '/');
  expect(server.dials).toBe(2);
});

test('Repeats a GET when a kept connection dies, but never a POST', async ({ tunnel, podServer }) => {
  let drop = false;
  podServer.answer = (request, response) => {
    if (drop) request.socket.destroy();
    else response.end('fine');
    drop = false;
  };
  await requestText(tunnel, 'GET', '/first');
  drop = true;
  expect(await requestText(tunnel, 'GET', '/again')).toBe('fine');
  drop = true;
  await expect(requestText(tunnel, 'POST', '/once')).rejects.toMatchObject({ code: 'POD_UNREACHABLE' });
  expect(podServer.requests.map(({ path }) => path)).toEqual(['/first', '/again', '/again', '/once']);
});

test("Reports the node's message on the error channel", async ({ tunnel, server }) => {
  server.forwardTo = 1;
  await expect(requestText(tunnel, 'GET', '/')).rejects.toMatchObject({
    code: 'POD_UNREACHABLE',
    message: expect.stringMatching(/^the connection to shop\/a:15999 failed: error forwarding port 15999: .*ECONNREFUSED/),
  });
});

test('Accepts port bytes in several pieces', async ({ tunnel, server, podServer }) => {
  server.forward = (webSocket, port) => {
    const send = webSocket.send.bind(webSocket);
    const channelsBegun = new Set<number>();
    Object.assign(webSocket, {
      send(message: Buffer, done?: (error?: Error) => void) {
        const [channel = 0, ...bytes] = message;
        if (channelsBegun.has(channel)) return send(message, done);
        channelsBegun.add(channel);
        for (const byte of bytes) send(Buffer.of(channel, byte));
      },
    });
    bridge(webSocket, port, podServer.port);
  };
  expect(await requestJson(tunnel, 'GET', '/')).toEqual({ ok: true });
});

test("Rejects a missing pod in the server's words", async ({ api }) => {
  const tunnel = api.tunnel({ namespace: 'shop', name: 'gone' }, 80);
  const refused = requestText(tunnel, 'GET', '/');
  await expect(refused).rejects.toMatchObject({
    code: 'API_REFUSED',
    message: 'forwarding to shop/gone:80 was refused (404): pods "gone" not found',
  });
});

test('Reports an unreachable API server', async ({ tunnel, server }) => {
  await server.stop();
  await expect(requestText(tunnel, 'GET', '/')).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
});

test('Reports an error response with its text', async ({ tunnel, podServer }) => {
  podServer.answer = (_request, response) => void response.writeHead(404).end('no such route\n');
  const refused = requestJson(tunnel, 'GET', '/nowhere');
  await expect(refused).rejects.toMatchObject({
    code: 'POD_REFUSED',
    message: 'GET /nowhere on shop/a:15999 was answered with 404: no such route',
  });
  podServer.answer = (_request, response) => void response.end('<html>');
  await expect(requestJson(tunnel, 'GET', '/')).rejects.toMatchObject({
    code: 'POD_REFUSED',
    message: expect.stringContaining('not answered with JSON: <html>'),
  });
});

test('Times out without a response, and stops waiting when the signal aborts', async ({ tunnel, podServer }) => {
  podServer.answer = () => {};
  await expect(requestText(tunnel, 'GET', '/', undefined, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'POD_TIMED_OUT' });
  const abort = new AbortController();
  podServer.answer = () => abort.abort(new Error('enough'));
  await expect(requestText(tunnel, 'GET', '/', undefined, { signal: abort.signal })).rejects.toThrow('enough');
});

test('Ends an unanswered handshake with the request', async ({ tunnel, server }) => {
  server.silent = true;
  await expect(requestText(tunnel, 'GET', '/', undefined, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'POD_TIMED_OUT' });
});

test('Does not keep a process alive with an idle tunnel', async ({ tunnel, server }, info) => {
  const program = `
    const { KubernetesApi } = await import('./clusters/kubernetes/api.ts');
    const { requestText } = await import('./clusters/kubernetes/tunnel.ts');
    const api = await KubernetesApi.open({ kubeconfig: process.argv[1] });
    console.log(await requestText(api.tunnel({ namespace: 'shop', name: 'a' }, ${tunnel.port}), 'GET', '/'));`;
  const kubeconfig = server.writeKubeconfig(info.outputPath('child'));
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const said = await exec(process.execPath, ['--input-type=module', '--eval', program, kubeconfig], { cwd, timeoutMs: 20_000 });
  expect(said).toBe('{"ok":true}');
});

/** Polls until a count has been stable for a while. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  let same = 0;
  const look = (): boolean => {
    same = count() === last ? same + 1 : 0;
    last = count();
    return last > 0 && same >= 10;
  };
  await until(look, { what: 'the flow to stop', timeoutMs: 20_000, everyMs: 10 });
  return last;
}

const CHUNK = Buffer.alloc(256 * 1024, 'x');
const CHUNKS = 120;

test('Slows down the pod for a slow reader', async ({ tunnel, podServer }) => {
  let written = 0;
  podServer.answer = (_request, response) => {
    const write = (): void => {
      while (written < CHUNKS) {
        written++;
        if (!response.write(CHUNK)) return void response.once('drain', write);
      }
      response.end();
    };
    write();
  };
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ agent: tunnel, path: '/' }, resolve).on('error', reject);
  });
  expect(await settled(() => written)).toBeLessThan(CHUNKS);
  let received = 0;
  for await (const chunk of response) received += Buffer.from(chunk).length;
  expect(received).toBe(CHUNKS * CHUNK.length);
});

test('Slows down the writer for a slow pod', async ({ tunnel, podServer }) => {
  let read: (() => void) | undefined;
  podServer.answer = (request, response) => {
    read = () => {
      let received = 0;
      request.on('data', (chunk: Buffer) => (received += chunk.length));
      request.on('end', () => response.end(String(received)));
    };
  };
  const request = http.request({ agent: tunnel, method: 'POST', path: '/' });
  const answer = new Promise<string>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => response.setEncoding('utf8').on('data', resolve));
  });
  let written = 0;
  const write = (): void => {
    while (written < CHUNKS) {
      written++;
      if (!request.write(CHUNK)) return void request.once('drain', write);
    }
    request.end();
  };
  write();
  expect(await settled(() => written)).toBeLessThan(CHUNKS);
  read?.();
  expect(await answer).toBe(String(CHUNKS * CHUNK.length));
});
