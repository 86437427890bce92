import { once } from 'node:events';
import http from 'node:http';

import { expect, test } from '@playwright/test';

import { lock } from '../../clusters/images/lock.ts';
import type { Tool } from '../../clusters/images/tools.ts';
import { downloadFinding } from '../../scripts/doctor/tools.ts';
import { registryFailure, wayFinding, type Circumstances } from '../../scripts/doctor/way.ts';

const ROOT_ONLY = 'only root can build them';
const answers = { address: 'https://registry-1.docker.io' };
const silent = { ...answers, failure: 'ENOTFOUND' };

const WAYS: [what: string, given: Circumstances, status: string, seen: RegExp][] = [
  [
    'Uses the images that the engine has',
    { from: 'auto', ready: 'docker.io/meshproof/node:1', registry: silent, obstacle: ROOT_ONLY },
    'ok',
    /the engine has them/,
  ],
  [
    'Pulls from a registry that answers',
    { from: 'auto', registry: answers, obstacle: ROOT_ONLY },
    'ok',
    /pulled from https:\/\/registry-1/,
  ],
  [
    'Builds as root if no registry answers',
    { from: 'auto', registry: silent },
    'ok',
    /does not answer as a registry \(ENOTFOUND\), so they will be built.*20 minutes/,
  ],
  [
    'Fails if no registry answers and nothing can be built',
    { from: 'auto', registry: silent, obstacle: ROOT_ONLY },
    'failed',
    /ENOTFOUND\), and only root/,
  ],
  ['Requires a registry for --images=pull', { from: 'pull', registry: silent }, 'failed', /does not answer as a registry/],
  ['Requires root for --images=build', { from: 'build', obstacle: ROOT_ONLY }, 'failed', /^only root/],
  ['Loads from a complete folder', { from: '/archives' }, 'ok', /loaded from \/archives$/],
  [
    'Names what a folder lacks',
    { from: '/archives', unfit: 'it lacks istio/proxyv2' },
    'failed',
    /from \/archives, but it lacks istio\/proxyv2$/,
  ],
  ['Queries no registry with --no-network', { from: 'auto' }, 'ok', /not checked/],
];

for (const [what, given, status, seen] of WAYS) {
  test(what, () => {
    const finding = wayFinding(given);
    expect(finding).toMatchObject({ status, seen: expect.stringMatching(seen) });
    expect(finding.hint !== undefined).toBe(status !== 'ok');
  });
}

test('Names programs to download that the lock has no checksum of, but none that is there', async () => {
  const url = 'https://releases.example.com/v1.2.3/tool';
  const tool: Tool = { name: 'no-such-tool', versionArgs: [], fits: /never/, release: () => ({ url, checksums: `${url}.sha256` }) };
  const there: Tool = { ...tool, name: 'node', versionArgs: ['--version'], fits: /^v\d/ };
  const { downloads } = await lock();
  expect((await downloadFinding([there, tool])).seen).toMatch(/^only by the checksums that their releases publish: no-such-tool;/);
  expect((await downloadFinding([there])).seen).toBe('none is needed');
  downloads[url] = '0'.repeat(64);
  try {
    expect((await downloadFinding([there, tool])).seen).toBe('each by its checksum in the lock');
  } finally {
    delete downloads[url];
  }
});

test('Accepts any answer that a registry may give, but no login page and no server error', async () => {
  const answers: [status: number, headers: http.OutgoingHttpHeaders, failure: string | undefined][] = [
    [200, {}, undefined],
    [401, { 'content-type': 'text/html' }, undefined],
    [429, {}, undefined],
    [200, { 'content-type': 'text/html; charset=utf-8' }, 'a web page, not a registry'],
    [503, {}, 'HTTP 503'],
  ];
  let answer = answers[0];
  const server = http.createServer((_, response) => response.writeHead(answer?.[0] ?? 0, answer?.[1]).end('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  try {
    for (answer of answers)
      expect(await registryFailure(`http://${host}`, AbortSignal.timeout(10_000)), JSON.stringify(answer)).toBe(answer[2]);
    // The engine may be allowed to use it without TLS.
    expect(await registryFailure(`https://${host}`, AbortSignal.timeout(10_000))).toBeUndefined();
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(await registryFailure(`http://${host}`, AbortSignal.timeout(10_000))).toMatch(/^ECONN/);
});

test('Asks a registry through the proxy of the environment, like downloads', async () => {
  const asked: string[] = [];
  const proxy = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(401).end();
  });
  proxy.on('connect', ({ url }, socket) => {
    asked.push(url ?? '');
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const server = `http://user:hunter2@127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  process.env['HTTP_PROXY'] = process.env['HTTPS_PROXY'] = server;
  try {
    expect(await registryFailure('http://registry.test', AbortSignal.timeout(10_000))).toBeUndefined();
    expect(await registryFailure('https://registry.test', AbortSignal.timeout(10_000))).toBe('the proxy refuses the connection');
    expect(asked).toEqual(['http://registry.test/v2/', 'registry.test:443']);
    process.env['HTTPS_PROXY'] = 'socks5://user:hunter2@127.0.0.1';
    expect(await registryFailure('https://registry.test', AbortSignal.timeout(10_000))).toMatch(/^the proxy in HTTPS_PROXY is not/);
  } finally {
    delete process.env['HTTP_PROXY'];
    delete process.env['HTTPS_PROXY'];
    proxy.closeAllConnections();
    proxy.close();
  }
});
