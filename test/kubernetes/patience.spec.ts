import assert from 'node:assert/strict';

import fc from 'fast-check';

import { patienceOf } from '../../clusters/kubernetes/connection.ts';
import { patiently } from '../../clusters/kubernetes/patiently.ts';
import { expect, test } from './on-stand-in.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

const HEADERS: readonly [string | undefined, number][] = [
  ['2', 2_000],
  ['0', 0],
  ['86400', 10_000],
  ['9'.repeat(400), 10_000],
  ['Thu, 01 Jan 2026 00:00:03 GMT', 3_000],
  ['Fri, 02 Jan 2026 00:00:00 GMT', 10_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['-5', 1_000],
  ['NaN', 1_000],
  ['soon GMT', 1_000],
  ['', 1_000],
  [undefined, 1_000],
];

for (const [header, patience] of HEADERS) {
  test(`Waits ${patience} ms for Retry-After ${header?.slice(0, 40) ?? 'not given'}`, () => {
    expect(patienceOf(header, NOW)).toBe(patience);
  });
}

test('Waits a finite time whatever the header says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String)), (header) => {
      const patience = patienceOf(header, NOW);
      assert.ok(patience >= 0);
      assert.ok(patience <= 10_000);
    }),
  );
});

test('Stops waiting for a busy server when the signal aborts, with its reason', async ({ api, server }) => {
  const reason = new Error('interrupted');
  const abort = new AbortController();
  server.intercept = () => {
    // The response is read before the wait begins.
    setImmediate(() => setTimeout(() => abort.abort(reason), 50));
    return { status: 429, body: 'busy', headers: { 'retry-after': '86400' } };
  };
  await expect(api.version(abort.signal)).rejects.toBe(reason);
  expect(server.requests).toHaveLength(1);
});

test('Retries a server that is busy for a moment', async ({ api, server }) => {
  let asked = 0;
  server.intercept = () => (++asked < 3 ? { status: 429, body: '', headers: { 'retry-after': '0' } } : undefined);
  server.objects.set('/version', { apiVersion: 'v1', kind: 'Version', metadata: { name: 'v' }, gitVersion: 'v1.35.4' });
  expect(await api.version()).toBe('v1.35.4');
  server.intercept = () => ({ status: 429, body: 'busy', headers: { 'retry-after': '0' } });
  await expect(api.version()).rejects.toMatchObject({ status: 429 });
});

for (const [moment, status] of [
  ['starts', 403],
  ['shuts down', 503],
] as const) {
  test(`Does not treat errors of a server that ${moment} as rejections, and retries what must be done`, async ({ api, server }) => {
    server.objects.set('/version', { apiVersion: 'v1', kind: 'Version', metadata: { name: 'v' }, gitVersion: 'v1.35.4' });
    let refused = 0;
    server.intercept = ({ path }) => {
      if (path === '/readyz') return { status: refused < 2 ? 500 : 200, body: '[-]poststarthook/rbac/bootstrap-roles failed' };
      return ++refused < 2 ? { status, body: { message: 'not now' } } : undefined;
    };
    await expect(api.version()).rejects.toMatchObject({ code: 'API_UNREACHABLE', message: expect.stringContaining('not now') });
    refused = 0;
    expect(await patiently(() => api.version())).toBe('v1.35.4');
  });
}

test('Treats an error of a server that is ready as a rejection', async ({ api, server }) => {
  server.intercept = ({ path }) => (path === '/readyz' ? { status: 200, body: 'ok' } : { status: 403, body: { message: 'forbidden' } });
  await expect(patiently(() => api.version())).rejects.toMatchObject({ code: 'API_REFUSED', status: 403 });
});
