import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { until } from '../../clusters/until.ts';
import { expect, PROTOCOLS, test } from './agents.ts';

for (const protocol of PROTOCOLS) {
  for (const connections of ['kept', 'new'] as const) {
    test(`Answers and records each ${protocol} request once over ${connections} connections`, async ({ prober, server, mark }) => {
      const order = { target: server.target(protocol), protocol, connections, count: 60, concurrency: 8, body: 'hello' };
      const { outcomes, from } = await prober.client.probe(order);
      const { entries } = await server.client.ledger(mark);

      expect(from).toBe('prober-pod');
      expect(new Set(outcomes.map(({ id }) => id)).size).toBe(60);
      expect(outcomes.filter(({ ending }) => ending.kind !== 'response' || ending.status !== 200)).toEqual([]);
      expect(entries.map(({ id }) => id).toSorted()).toEqual(outcomes.map(({ id }) => id).toSorted());
      expect(new Set(entries.map((entry) => `${entry.protocol} ${entry.pod} ${entry.version}`))).toEqual(
        new Set([`${protocol} server-pod v1`]),
      );

      const multiplexed = protocol === 'h2c' || protocol === 'grpc';
      const opened = connections === 'new' ? 60 : multiplexed ? 1 : 8;
      expect(new Set(outcomes.map(({ connection }) => connection)).size).toBe(opened);
      expect(new Set(entries.map(({ connection }) => connection)).size).toBe(opened);
      await until(async () => (await server.client.state()).connections[entries[0]?.port ?? 0]?.open === 0, {
        what: 'the connections to close',
        timeoutMs: 5000,
      });
    });
  }
}

for (const protocol of PROTOCOLS) {
  test(`Sends ${protocol} to a given address without resolving the name, and still names the host`, async ({ prober, server, mark }) => {
    const port = server.target(protocol).split(':').at(-1);
    const target = `nowhere.invalid:${port}`;
    const unknown = await prober.client.probe({ target, protocol });
    expect(unknown.outcomes[0]?.ending).toEqual({ kind: 'dns' });
    const known = await prober.client.probe({ target, address: '127.0.0.1', protocol });
    expect(known.outcomes[0]?.ending).toMatchObject({ kind: 'response', status: 200 });
    const { entries } = await server.client.ledger(mark);
    if (protocol === 'http1' || protocol === 'websocket') expect(entries.map(({ headers }) => headers['host'])).toEqual([target]);
  });
}

for (const protocol of ['http1', 'h2c', 'grpc', 'websocket'] as const) {
  test(`Delivers path and headers over ${protocol} unchanged, and identifies the responder`, async ({ prober, server, mark }) => {
    const path = '//admin/./x/../%2e%2F;a=b?q=1&&r=%zz#/"<>';
    const headers = { 'X-Mixed-Case': 'a,  b', 'x-mine': 'id={id}', host: 'elsewhere.example' };
    const { outcomes } = await prober.client.probe({ target: server.target(protocol), protocol, path, headers });
    const { entries } = await server.client.ledger(mark);
    const { id, ending } = outcomes[0] ?? {};
    expect(entries[0]).toMatchObject({
      path,
      headers: { 'x-mixed-case': 'a,  b', 'x-mine': `id=${id}`, 'x-agent-id': id, 'x-request-id': id },
    });
    if (protocol === 'http1' || protocol === 'websocket') expect(entries[0]?.headers['host']).toBe('elsewhere.example');
    const about = {
      'x-agent-id': id,
      'x-agent-pod': 'server-pod',
      'x-agent-version': 'v1',
      'x-agent-connection': `${entries[0]?.connection}`,
    };
    expect(ending).toMatchObject({ kind: 'response', status: 200, headers: about });
  });
}

test('Answers a request that the parser rejects with 400, and records it because it was delivered', async ({ prober, server, mark }) => {
  const order = { target: server.target('http1'), path: '/\u00e4\u00ff', headers: { 'x-mine': 'a: b' }, count: 2 };
  const { outcomes } = await prober.client.probe(order);
  expect(outcomes.map(({ ending }) => ending)).toMatchObject([{ status: 400 }, { status: 400 }]);
  const seen = { path: '/\u00e4\u00ff', method: 'GET', headers: { 'x-mine': 'a: b' } };
  expect((await server.client.ledger(mark)).entries).toMatchObject(outcomes.map(({ id }) => ({ id, ...seen })));
});

test('Sends method and body, even with GET, without affecting the next request on the connection', async ({ prober, server, mark }) => {
  for (const method of ['POST', 'GET', 'HEAD', 'DELETE']) {
    const { outcomes } = await prober.client.probe({ target: server.target('http1'), method, body: 'x'.repeat(70_000), count: 3 });
    expect(outcomes.map(({ ending }) => ending.kind === 'response' && ending.status)).toEqual([200, 200, 200]);
  }
  const { entries } = await server.client.ledger(mark);
  expect(entries.map(({ method }) => method)).toEqual(['POST', 'GET', 'HEAD', 'DELETE'].flatMap((method) => [method, method, method]));
  expect(new Set(entries.map(({ headers }) => headers['content-length']))).toEqual(new Set(['70000']));
});

test('Records only response headers that were requested or that identify the responder', async ({ prober, server }) => {
  const target = server.target('http1');
  const plain = (await prober.client.probe({ target })).outcomes[0]?.ending;
  const asked = (await prober.client.probe({ target, keepHeaders: ['content-type'] })).outcomes[0]?.ending;
  expect(plain).not.toHaveProperty(['headers', 'content-type']);
  expect(asked).toHaveProperty(['headers', 'content-type'], 'application/json');
});

test('Reads the peer from the element that the nearest proxy added', async ({ prober, server, mark }) => {
  const element = 'By=spiffe://c/ns/b/sa/b;Hash=12;Subject="CN=a,O=\\"x;URI=spiffe://forged\\"";URI=spiffe://c/ns/a/sa/';
  const target = server.target('http1');
  await prober.client.probe({ target, headers: { 'X-Forwarded-Client-Cert': `${element}far,${element}near;DNS=a.example` } });
  await prober.client.probe({ target, headers: { 'l5d-client-id': 'a.ns.serviceaccount.identity.linkerd.cluster.local' } });
  await prober.client.probe({ target });
  const peers = (await server.client.ledger(mark)).entries.map(({ peer }) => peer);
  expect(peers).toEqual(['spiffe://c/ns/a/sa/near', 'a.ns.serviceaccount.identity.linkerd.cluster.local', '']);
});

test('Recognises an HTTP/2 preface and an HTTP/1.1 request that arrive byte by byte', async ({ server, mark }) => {
  for (const first of ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'PROPFIND /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n']) {
    const socket = connect(server.ports.http, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    for (const character of first) await new Promise<void>((resolve) => void socket.write(character, () => setImmediate(resolve)));
    if (first.startsWith('PROP')) expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK/);
    else {
      const [settings] = await once(socket, 'data');
      expect([...settings.subarray(3, 9)]).toEqual([4, 0, 0, 0, 0, 0]);
      socket.destroy();
    }
  }
  expect((await server.client.ledger(mark)).entries.map(({ method }) => method)).toEqual(['PROPFIND']);
});

test('Responds to a client that has closed its side of the connection', async ({ server }) => {
  const web = connect(server.ports.http, '127.0.0.1');
  web.end('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  expect(await text(web)).toMatch(/^HTTP\/1\.1 200 OK/);
  const lines = connect(server.ports.tcp, '127.0.0.1');
  lines.end('one\ntwo \u00fc\n');
  expect(await text(lines)).toBe('one\ntwo \u00fc\n');
});

test('Serves the same on the metrics port', async ({ prober, server, mark }) => {
  await prober.client.probe({ target: `127.0.0.1:${server.ports.metrics}`, path: '/metrics' });
  expect((await server.client.ledger(mark)).entries).toMatchObject([{ path: '/metrics', port: server.ports.metrics }]);
});
