import { once } from 'node:events';
import https from 'node:https';
import tls from 'node:tls';

import { Authority } from '../../fixtures/external/authority.ts';
import { HttpsClient } from '../../fixtures/actors/https-client.ts';
import { expect, test as base } from '../kubernetes/on-tunnel.ts';
import { portOf } from '../kubernetes/port-forward.ts';

const API = 'api.example.com';

/** A server that presents, by name, certificates that the CA issued for API, SHOP or NEXT, with what client and server need. */
const test = base.extend<{ authority: Authority; site: { show: (name: string) => void; ids: string[] } }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner insists on a pattern
  authority: async ({}, use) => {
    const authority = new Authority();
    await authority.secrets({ API, NEXT: API, SHOP: 'shop.example.com' });
    await use(authority);
  },
  site: async ({ server, tunnel, authority }, use) => {
    expect(tunnel.port).toBe(15_999);
    let shown = 'API';
    const ids: string[] = [];
    const SNICallback = (name: string, done: (error: Error | null, context?: tls.SecureContext) => void): void => {
      if (!name.endsWith('.example.com')) return done(new Error('no such name'));
      const { certificate, key } = authority.issued(shown);
      done(null, tls.createSecureContext({ cert: certificate, key }));
    };
    const listener = https.createServer({ SNICallback }, (request, response) => {
      ids.push(String(request.headers['x-agent-id']));
      response.end('{}');
    });
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    server.forwardTo = portOf(listener);
    await use({ show: (name) => (shown = name), ids });
    listener.closeAllConnections();
    listener.close();
    await once(listener, 'close');
  },
});

test('Performs a handshake for each new connection, and verifies the certificate', async ({ tunnel, authority, site }) => {
  const client = new HttpsClient(tunnel, authority.root);
  const { history, handshakes } = await client.send({ host: API, count: 3 });
  expect(history.outcomes.map(({ ending }) => ending)).toEqual(Array(3).fill(expect.objectContaining({ kind: 'response', status: 200 })));
  expect(site.ids).toEqual(history.outcomes.map(({ id }) => id));
  const believed = { host: API, fingerprint: authority.issued('API').fingerprint, distrust: '' };
  expect(handshakes).toEqual([believed, believed, believed]);

  const kept = await client.send({ host: API, count: 3, connections: 'kept' });
  expect(kept.handshakes).toHaveLength(1);
  expect(kept.history.outcomes.every(({ ending }) => ending.kind === 'response')).toBe(true);
});

test('Ends with a TLS error and delivers nothing if the certificate has another name or CA, or is missing', async ({
  tunnel,
  authority,
  site,
}) => {
  site.show('SHOP');
  const client = new HttpsClient(tunnel, authority.root);
  const astray = await client.send({ host: API, count: 1 });
  expect(astray.handshakes).toEqual([
    { host: API, fingerprint: authority.issued('SHOP').fingerprint, distrust: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  ]);
  const stranger = new Authority();
  await stranger.issue(API);
  site.show('API');
  const unknown = await new HttpsClient(tunnel, stranger.root).send({ host: API, count: 1 });
  expect(unknown.handshakes[0]?.distrust).not.toBe('');
  const refused = await client.send({ host: 'nobody.invalid', count: 1 });
  expect(refused.handshakes).toEqual([]);
  for (const { history } of [astray, unknown, refused]) expect(history.outcomes.map(({ ending }) => ending.kind)).toEqual(['tls']);
  expect(site.ids).toEqual([]);
});

test('Sends requests before, during and after some work', async ({ tunnel, authority, site }) => {
  const client = new HttpsClient(tunnel, authority.root);
  const { history, handshakes } = await client.sendDuring(
    async () => {
      site.show('NEXT');
      await client.untilShown(authority.issued('NEXT'));
    },
    { host: API, count: 4 },
  );
  const shown = handshakes.map(({ fingerprint }) => fingerprint);
  expect(shown.slice(0, 4)).toEqual(Array(4).fill(authority.issued('API').fingerprint));
  expect(shown.slice(-4)).toEqual(Array(4).fill(authority.issued('NEXT').fingerprint));
  expect(history.outcomes.length).toBeGreaterThan(8);
  await expect(client.sendDuring(() => Promise.reject(new Error('it broke')), { host: API, count: 1 })).rejects.toThrow('it broke');
});
