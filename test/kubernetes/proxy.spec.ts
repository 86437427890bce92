import { expect, test } from '@playwright/test';

import { proxyFor } from '../../clusters/kubernetes/proxy.ts';

const PROXY = 'http://proxy.test:3128';
const HTTPS_PROXY = PROXY;

/** A server, the environment, and whether the server is reached through the proxy. */
const CASES: readonly [string, Record<string, string>, boolean][] = [
  ['https://api.test', { HTTPS_PROXY }, true],
  ['https://api.test', { https_proxy: PROXY }, true],
  ['https://api.test', { HTTP_PROXY: PROXY, ALL_PROXY: PROXY }, false],
  ['http://api.test', { HTTP_PROXY: PROXY }, true],
  ['http://api.test', { HTTPS_PROXY }, false],
  ['https://api.test', { HTTPS_PROXY: ' ' }, false],
  ['https://localhost:6443', { HTTPS_PROXY }, false],
  ['https://127.0.0.2:6443', { HTTPS_PROXY }, false],
  ['https://[::1]:6443', { HTTPS_PROXY }, false],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: '*' }, false],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: 'other.test, API.test' }, false],
  ['https://api.test', { HTTPS_PROXY, no_proxy: 'test' }, false],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: 'pi.test,,' }, true],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: '.test' }, false],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: '*.test' }, false],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: '.api.test' }, true],
  ['https://api.test', { HTTPS_PROXY, NO_PROXY: 'api.test:443' }, false],
  ['https://api.test:6443', { HTTPS_PROXY, NO_PROXY: 'api.test:443' }, true],
  ['https://10.1.2.3:6443', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, false],
  ['https://11.1.2.3:6443', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8,10.0.0.0/99,/8' }, true],
  ['https://10.1.2.3:6443', { HTTPS_PROXY, NO_PROXY: '10.1.2.3' }, false],
  ['https://10.1.2.3:6443', { HTTPS_PROXY, NO_PROXY: '10.1.2.3:6443' }, false],
  ['https://10.1.2.3:6443', { HTTPS_PROXY, NO_PROXY: '10.1.2.3:443,10.1.2' }, true],
  ['https://[fd00::1]:6443', { HTTPS_PROXY, NO_PROXY: 'fd00::/8' }, false],
  ['https://[fd00::1]:6443', { HTTPS_PROXY, NO_PROXY: 'fd00::1' }, false],
  ['https://[fd00::1]:6443', { HTTPS_PROXY, NO_PROXY: '[fd00::1]:6443' }, false],
  ['https://[fd00::2]:6443', { HTTPS_PROXY, NO_PROXY: '[fd00::1]:6443' }, true],
];

test("Uses the environment's proxy for a server that it does not exclude", () => {
  for (const [server, environment, proxied] of CASES)
    expect.soft(proxyFor(new URL(server), environment), `${server} ${JSON.stringify(environment)}`).toBe(proxied ? PROXY : undefined);
  expect(proxyFor(new URL('https://api.test'), { HTTPS_PROXY: 'proxy.test:3128' })).toBe(PROXY);
  expect(proxyFor(new URL('https://api.test'), { HTTPS_PROXY: 'socks5://proxy.test' })).toBe('socks5://proxy.test');
});
