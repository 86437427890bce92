import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';

import { WebSocketServer } from 'ws';

import { requestText } from '../../clusters/kubernetes/tunnel.ts';
import { expect, NAME, test } from './on-listener.ts';
import { bridge, portOf } from './port-forward.ts';

test('Sends the token of a file without its line break, and reads the file again when it changes', async ({ open, plain }, info) => {
  mkdirSync(info.outputPath('kube'), { recursive: true });
  const token = info.outputPath('kube', 'robot-token');
  writeFileSync(token, 'first\n');
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { tokenFile: './robot-token', token: 'of old' });
  await api.version();
  writeFileSync(token, 'second');
  await api.version();
  // The file may be being replaced.
  writeFileSync(token, '');
  await api.version();
  expect(plain.seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer first', 'Bearer second', 'Bearer second']);
});

test('Names a token file that cannot be read, unless there is also a token', async ({ open, plain }, info) => {
  const server = `http://127.0.0.1:${plain.port}`;
  const api = await open({ server }, { tokenFile: 'gone' });
  await expect(api.version()).rejects.toMatchObject({
    code: 'API_UNREACHABLE',
    message: expect.stringContaining(`token file ${info.outputPath('kube', 'gone')}`),
  });
  expect(plain.seen).toEqual([]);
  await (await open({ server }, { tokenFile: 'gone', token: 'at hand' })).version();
  expect(plain.seen[0]?.headers).toMatchObject({ authorization: 'Bearer at hand' });
});

test('Impersonates user, UID, groups and extra fields completely', async ({ open, plain }) => {
  const as = {
    as: 'mésh-tester',
    'as-uid': '1-2-3',
    'as-groups': ['mesh-testers', 'system:authenticated'],
    'as-user-extra': { reason: ['nightly', 'upgrade'], 'Acme.com/Team (a)': ['x'] },
  };
  await (await open({ server: `http://127.0.0.1:${plain.port}` }, { token: 't', ...as })).version();
  expect(plain.seen[0]?.headers).toMatchObject({
    authorization: 'Bearer t',
    'impersonate-user': Buffer.from('mésh-tester').toString('latin1'),
    'impersonate-uid': '1-2-3',
    'impersonate-group': ['mesh-testers', 'system:authenticated'],
    'impersonate-extra-reason': ['nightly', 'upgrade'],
    'impersonate-extra-acme.com%2fteam%20%28a%29': 'x',
  });
});

test('Rejects groups to impersonate without a user, as kubectl does', async ({ open }) => {
  await expect(open({ server: 'http://127.0.0.1:1' }, { 'as-groups': ['admins'] })).rejects.toMatchObject({
    code: 'KUBECONFIG_INVALID',
    exitCode: 2,
    message: expect.stringContaining('without a user'),
  });
});

test('Accepts a server at http:// without further settings, even without a user', async ({ open, plain }) => {
  await (await open({ server: `http://127.0.0.1:${plain.port}/k8s/clusters/c-1/` })).version();
  // client-go defaults to HTTP if there are no TLS settings.
  await (await open({ server: `127.0.0.1:${plain.port}` }, { username: 'me', password: 'mine' })).version();
  expect(plain.seen.map(({ path }) => path)).toEqual(['/k8s/clusters/c-1/version', '/version']);
  expect(plain.seen[1]?.headers).toMatchObject({ authorization: `Basic ${Buffer.from('me:mine').toString('base64')}` });
});

test('Uses ws:// with the same credentials to forward ports through a server at http://', async ({ open }) => {
  const sent: http.IncomingHttpHeaders[] = [];
  const pod = http.createServer((_, response) => response.end('from the pod'));
  const server = http.createServer();
  const webSockets = new WebSocketServer({ server, handleProtocols: () => 'v4.channel.k8s.io' });
  pod.listen(0, '127.0.0.1');
  server.listen(0, '127.0.0.1');
  await Promise.all([once(pod, 'listening'), once(server, 'listening')]);
  webSockets.on('connection', (webSocket, request) => {
    sent.push(request.headers);
    bridge(webSocket, 15_000, portOf(pod));
  });
  const api = await open({ server: `http://127.0.0.1:${portOf(server)}` }, { as: 'someone', 'as-groups': ['a', 'b'] });
  const tunnel = api.tunnel({ namespace: 'rig', name: 'server' }, 15_000);
  expect(await requestText(tunnel, 'GET', '/')).toBe('from the pod');
  expect(sent).toEqual([expect.objectContaining({ 'impersonate-user': 'someone', 'impersonate-group': 'a, b' })]);
  tunnel.destroy();
  for (const one of [pod, server]) {
    one.closeAllConnections();
    one.close();
  }
});

test("Verifies the server's CA and name without a user too", async ({ open, secure, authority }, info) => {
  mkdirSync(info.outputPath('kube'), { recursive: true });
  writeFileSync(info.outputPath('kube', 'ca.crt'), authority.root);
  const edge = { server: `https://127.0.0.1:${secure.port}`, 'certificate-authority': './ca.crt', 'tls-server-name': NAME };
  expect(await (await open(edge)).version()).toBe('v1.35.4');
  expect(await (await open(edge, {})).version()).toBe('v1.35.4');
  await expect((await open({ ...edge, 'tls-server-name': 'other.test' })).version()).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  await expect((await open({ ...edge, 'certificate-authority': undefined })).version()).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  expect(await (await open({ server: edge.server, 'insecure-skip-tls-verify': true })).version()).toBe('v1.35.4');
});

test('Distinguishes an unsuitable certificate from an unreachable server', async ({ open, secure, authority }) => {
  const data = { 'certificate-authority-data': Buffer.from(authority.root).toString('base64') };
  const server = `https://127.0.0.1:${secure.port}`;
  const hints: readonly [object, string, object?][] = [
    [{ server, ...data, 'tls-server-name': 'other.test' }, 'tls-server-name'],
    [{ server }, 'certificate-authority'],
    [{ server: 'https://127.0.0.1:1' }, 'that the cluster is running'],
    [{ server, 'certificate-authority': 'gone.crt' }, 'the files that they name'],
    [{ server, ...data, 'tls-server-name': NAME }, 'the files that they name', { tokenFile: 'gone' }],
    [{ server, ...data, 'tls-server-name': NAME }, 'not allowed in a header', { token: 'a\nb' }],
  ];
  for (const [cluster, hint, user] of hints) {
    const asked = (await open(cluster, user)).version();
    await expect.soft(asked, hint).rejects.toMatchObject({ code: 'API_UNREACHABLE', hint: expect.stringContaining(hint) });
  }
});

test("Reaches the API server through the environment's proxy, like kubectl, also if the kubeconfig's is empty", async ({ open, plain }) => {
  const asked: (string | undefined)[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket: net.Socket) => {
    asked.push(request.url);
    const server = net.connect(plain.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    server.pipe(socket).pipe(server);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const before = process.env['HTTP_PROXY'];
  process.env['HTTP_PROXY'] = `127.0.0.1:${portOf(proxy)}`;
  try {
    for (const cluster of [{}, { 'proxy-url': '' }])
      expect(await (await open({ server: 'http://cluster.test:6443', ...cluster })).version()).toBe('v1.35.4');
    expect(await (await open({ server: `http://127.0.0.1:${plain.port}` })).version()).toBe('v1.35.4');
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY'];
    else process.env['HTTP_PROXY'] = before;
    proxy.close();
  }
  expect(asked).toEqual(['cluster.test:6443', 'cluster.test:6443']);
});

test("Lets a SOCKS proxy resolve the API server's name, like kubectl", async ({ open, plain }) => {
  const asked: string[] = [];
  const proxy = net.createServer((socket) => {
    // The greeting, then a request with the length of the name in its fifth byte, or with an address: RFC 1928.
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (request) => {
        asked.push(request[3] === 3 ? request.subarray(5, 5 + (request[4] ?? 0)).toString() : 'an address');
        const server = net.connect(plain.port, '127.0.0.1', () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
        server.pipe(socket).pipe(server);
      });
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    for (const scheme of ['socks5', 'SOCKS5', 'socks5h']) {
      const cluster = { server: 'http://cluster.test:6443', 'proxy-url': `${scheme}://127.0.0.1:${portOf(proxy)}` };
      expect.soft(await (await open(cluster)).version(), scheme).toBe('v1.35.4');
    }
  } finally {
    proxy.close();
  }
  expect(asked).toEqual(['cluster.test', 'cluster.test', 'cluster.test']);
});

test('Names an invalid certificate or key in a kubeconfig without quoting it', async ({ open, authority }) => {
  const server = 'https://127.0.0.1:1';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const { key } = authority.issued('API');
  const wrong: readonly [field: string, cluster: object, user?: object][] = [
    ['certificate-authority-data', { 'certificate-authority-data': base64('no certificate') }],
    ['certificate-authority-data', { 'certificate-authority-data': '%%%' }],
    ['client-certificate-data', {}, { 'client-certificate-data': base64(key), 'client-key-data': base64(key) }],
    ['client-key-data', {}, { 'client-key-data': base64('secret') }],
  ];
  for (const [field, cluster, user] of wrong) {
    const opened = open({ server, ...cluster }, user);
    await expect
      .soft(opened, field)
      .rejects.toMatchObject({ code: 'KUBECONFIG_INVALID', exitCode: 2, message: expect.stringContaining(field) });
  }
  await open({ server, 'certificate-authority-data': '' });
});

test('Prefers data in a kubeconfig to the file that it names as well', async ({ open, secure, authority }) => {
  const cluster = { server: `https://127.0.0.1:${secure.port}`, 'tls-server-name': NAME, 'certificate-authority': './gone.crt' };
  const data = { 'certificate-authority-data': Buffer.from(authority.root).toString('base64') };
  expect(await (await open({ ...cluster, ...data }, { token: 't' })).version()).toBe('v1.35.4');
});

test('Sends an empty password for a user name without one', async ({ open, plain }) => {
  await (await open({ server: `http://127.0.0.1:${plain.port}` }, { username: 'me' })).version();
  expect(plain.seen[0]?.headers).toMatchObject({ authorization: `Basic ${Buffer.from('me:').toString('base64')}` });
});

test('Reports an OIDC login without a token, and sends no anonymous request', async ({ open, plain }) => {
  const server = `http://127.0.0.1:${plain.port}`;
  const expired = `${Buffer.from('{}').toString('base64url')}.${Buffer.from('{"exp":1}').toString('base64url')}.x`;
  for (const config of [{ 'client-id': 'c' }, { 'id-token': expired }]) {
    const api = await open({ server }, { 'auth-provider': { name: 'oidc', config } });
    await expect(api.version()).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringMatching(/oidc has no valid token.*log in again/),
    });
  }
  expect(plain.seen).toEqual([]);
});

test('Uses a refresh token if there is no token', async ({ open, plain }) => {
  const config = { 'client-id': 'c', 'refresh-token': 'r', 'idp-issuer-url': 'https://127.0.0.1:1' };
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { 'auth-provider': { name: 'oidc', config } });
  // Nothing listens there; the error differs from that of a login without credentials.
  const message = expect.not.stringContaining('has no token');
  await expect(api.version()).rejects.toMatchObject({ code: 'API_UNREACHABLE', message });
  expect(plain.seen).toEqual([]);
});
