// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { expect, test as base } from '@playwright/test';
import { WebSocketServer } from 'ws';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { requestText } from '../../clusters/kubernetes/tunnel.ts';
import { Authority } from '../../fixtures/external/authority.ts';
import { bridge, portOf } from './stand-in-api.ts';

type Headers = Record<string, string | string[]>;

/** An API server as far as its version goes, over HTTP or HTTPS, that keeps the headers and the path of each request. */
interface Listener {
  port: number;
  seen: { path: string; headers: Headers }[];
}

interface Kept {
  /** One that the authority vouches for, under the name that it was issued for. */
  secure: Listener;
  plain: Listener;
  authority: Authority;
  /** Writes a kubeconfig with the context `ci` and opens it. */
  open: (cluster: object, user?: object) => Promise<KubernetesApi>;
}

const NAME = 'kubernetes.default.svc';

function answer({ seen }: Listener): http.RequestListener {
  return (request, response) => {
    const headers: Headers = {};
    // Node joins most repeated headers; what was sent is what counts.
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = [request.rawHeaders[at]?.toLowerCase(), request.rawHeaders[at + 1]];
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    seen.push({ path: request.url ?? '', headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ gitVersion: 'v1.35.4' }));
  };
}

async function listen(server: http.Server, listener: Listener): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listener.port = portOf(server);
}

const test = base.extend<Kept>({
  authority: async ({}, use) => {
    const authority = new Authority();
    await authority.secrets({ API: NAME });
    await use(authority);
  },
  secure: async ({ authority }, use) => {
    const listener: Listener = { port: 0, seen: [] };
    const { certificate: cert, key } = authority.issued('API');
    const server = https.createServer({ cert, key }, answer(listener));
    server.on('tlsClientError', () => undefined);
    await listen(server, listener);
    await use(listener);
    server.closeAllConnections();
    server.close();
  },
  plain: async ({}, use) => {
    const listener: Listener = { port: 0, seen: [] };
    const server = http.createServer(answer(listener));
    await listen(server, listener);
    await use(listener);
    server.closeAllConnections();
    server.close();
  },
  open: async ({}, use, info) => {
    const opened: KubernetesApi[] = [];
    await use(async (cluster, user) => {
      const file = info.outputPath('kube', 'config');
      mkdirSync(info.outputPath('kube'), { recursive: true });
      const content = {
        clusters: [{ name: 'c', cluster }],
        users: user === undefined ? null : [{ name: 'u', user }],
        contexts: [{ name: 'ci', context: { cluster: 'c', ...(user === undefined ? {} : { user: 'u' }) } }],
      };
      writeFileSync(file, JSON.stringify(content));
      const api = await KubernetesApi.open({ kubeconfig: file, context: 'ci' });
      opened.push(api);
      return api;
    });
    for (const api of opened) api.close();
  },
});

test('a token in a file is sent, without its line break, and read again when it changes', async ({ open, plain }, info) => {
  mkdirSync(info.outputPath('kube'), { recursive: true });
  const token = info.outputPath('kube', 'robot-token');
  writeFileSync(token, 'first\n');
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { tokenFile: './robot-token', token: 'of old' });
  await api.version();
  writeFileSync(token, 'second');
  await api.version();
  // Whoever renews it may be at it just now.
  writeFileSync(token, '');
  await api.version();
  expect(plain.seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer first', 'Bearer second', 'Bearer second']);
});

test('a token file that cannot be read is named, unless a token stands beside it', async ({ open, plain }, info) => {
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

test('whom a kubeconfig acts as is sent whole: user, uid, each group and each extra', async ({ open, plain }) => {
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

test('groups without a user to act as are refused, as kubectl does', async ({ open }) => {
  await expect(open({ server: 'http://127.0.0.1:1' }, { 'as-groups': ['admins'] })).rejects.toMatchObject({
    code: 'KUBECONFIG_INVALID',
    exitCode: 2,
    message: expect.stringContaining('without a user'),
  });
});

test('a server at http:// needs no leave, and neither a user', async ({ open, plain }) => {
  await (await open({ server: `http://127.0.0.1:${plain.port}/k8s/clusters/c-1/` })).version();
  // As client-go takes it where nothing speaks of TLS.
  await (await open({ server: `127.0.0.1:${plain.port}` }, { username: 'me', password: 'mine' })).version();
  expect(plain.seen.map(({ path }) => path)).toEqual(['/k8s/clusters/c-1/version', '/version']);
  expect(plain.seen[1]?.headers).toMatchObject({ authorization: `Basic ${Buffer.from('me:mine').toString('base64')}` });
});

test('a port-forward through a server at http:// is a WebSocket at ws://, with the same credentials', async ({ open }) => {
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

test('without a user the cluster’s authority and name are still what the server is held to', async ({ open, secure, authority }, info) => {
  mkdirSync(info.outputPath('kube'), { recursive: true });
  writeFileSync(info.outputPath('kube', 'ca.crt'), authority.root);
  const edge = { server: `https://127.0.0.1:${secure.port}`, 'certificate-authority': './ca.crt', 'tls-server-name': NAME };
  expect(await (await open(edge)).version()).toBe('v1.35.4');
  expect(await (await open(edge, {})).version()).toBe('v1.35.4');
  await expect((await open({ ...edge, 'tls-server-name': 'other.test' })).version()).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  await expect((await open({ ...edge, 'certificate-authority': undefined })).version()).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  expect(await (await open({ server: edge.server, 'insecure-skip-tls-verify': true })).version()).toBe('v1.35.4');
});

test('a credential plug-in beside its kubeconfig is found there, and told of the cluster when it asks for that', async ({
  open,
  secure,
  authority,
}, info) => {
  mkdirSync(info.outputPath('kube', 'bin'), { recursive: true });
  const plugin = info.outputPath('kube', 'bin', 'plugin');
  const said = `process.stdout.write(JSON.stringify({ status: { token: Buffer.from(process.env.KUBERNETES_EXEC_INFO).toString('base64') } }))`;
  writeFileSync(plugin, `#!/bin/sh\nexec '${process.execPath}' -e "${said}"\n`);
  chmodSync(plugin, 0o755);
  writeFileSync(info.outputPath('kube', 'ca.crt'), authority.root);
  const cluster = {
    server: `https://127.0.0.1:${secure.port}`,
    'certificate-authority': 'ca.crt',
    'tls-server-name': NAME,
    extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'mesh' } }],
  };
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin', interactiveMode: 'Never', env: null };
  for (const provideClusterInfo of [true, false]) await (await open(cluster, { exec: { ...exec, provideClusterInfo } })).version();
  const told = secure.seen.map(({ headers }): unknown =>
    JSON.parse(Buffer.from(String(headers['authorization']).slice('Bearer '.length), 'base64').toString('utf8')),
  );
  const credential = { apiVersion: exec.apiVersion, kind: 'ExecCredential' };
  expect(told).toEqual([
    {
      ...credential,
      spec: {
        interactive: false,
        cluster: {
          server: cluster.server,
          'tls-server-name': NAME,
          'certificate-authority-data': Buffer.from(authority.root).toString('base64'),
          config: { audience: 'mesh' },
        },
      },
    },
    { ...credential, spec: { interactive: false } },
  ]);
});

test('a credential plug-in that waits for somebody holds nobody back who has been told to stop', async ({ open, plain }) => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['5'] };
  const api = await open({ server: `http://127.0.0.1:${plain.port}` }, { exec });
  const reason = new Error('interrupted');
  const abort = new AbortController();
  const asked = api.version(abort.signal);
  setImmediate(() => abort.abort(reason));
  await expect(asked).rejects.toBe(reason);
  expect(plain.seen).toEqual([]);
});
