import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test } from '@playwright/test';

import { sourceFailure } from '../../scripts/doctor/reach.ts';
import { meshproof } from './run.ts';

/** A package registry that requires credentials: who asked, decoded, and its address. */
async function registry(): Promise<{ asked: string[]; address: string; close: () => void }> {
  const asked: string[] = [];
  const server = http.createServer(({ headers: { authorization = '' } }, response) => {
    asked.push(Buffer.from(authorization.replace('Basic ', ''), 'base64').toString());
    response.writeHead(authorization === '' ? 401 : 200).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { asked, address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test('Sends the credentials of a registry as a header', async () => {
  const { asked, address, close } = await registry();
  const signal = AbortSignal.timeout(20_000);
  for (const login of ['ci:hunter2@', 'ci:100%25%40@', 'token@', ':hunter2@', 'ci:50%@', ''])
    expect.soft(await sourceFailure(new URL(`http://${login}${address}/simple`), signal), login).toBeUndefined();
  expect(asked).toEqual(['ci:hunter2', 'ci:100%@', 'token:', ':hunter2', 'ci:50%', '']);
  close();
});

test('Names the reason for which a registry cannot be reached, without its credentials', async () => {
  const { address, close } = await registry();
  close();
  const failure = await sourceFailure(new URL(`http://ci:hunter2@${address}`), AbortSignal.timeout(20_000));
  expect(failure).toBe('ECONNREFUSED');
  expect(await sourceFailure(new URL('ftp://ci:hunter2@a.example'), AbortSignal.timeout(20_000))).not.toContain('hunter2');
});

test('Asks a registry of packages through the proxy of the environment', async () => {
  // A proxy for http:// URLs answers like a server.
  const { asked, address, close } = await registry();
  process.env['HTTP_PROXY'] = `http://${address}`;
  try {
    expect(await sourceFailure(new URL('http://ci:hunter2@packages.test/simple'), AbortSignal.timeout(20_000))).toBeUndefined();
  } finally {
    delete process.env['HTTP_PROXY'];
  }
  expect(asked).toEqual(['ci:hunter2']);
  close();
});

test('doctor prints no password of a package registry', async () => {
  const { address, close } = await registry();
  const url = `http://ci:hunter2@${address}/simple`;
  const env = { PIP_INDEX_URL: url, npm_config_registry: url, GOPROXY: `off,${url}`, DOCKER_HOST: 'tcp://127.0.0.1:1' };
  for (const output of ['text', 'json']) {
    const { stdout, stderr } = await meshproof(['doctor', `--output=${output}`], env);
    expect(stdout).toContain('can be reached');
    expect(stdout + stderr).not.toContain('hunter2');
  }
  close();
});
