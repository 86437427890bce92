import { connect } from 'node:net';
import { once } from 'node:events';

import { HttpsClient } from '../../fixtures/actors/https-client.ts';
import { Authority } from '../../fixtures/external/authority.ts';
import { expect, test } from './agents.ts';

test('Presents the latest certificate, and records requests over TLS', async ({ server, mark }) => {
  const authority = new Authority();
  const [first, next] = [await authority.issue('shop.example'), await authority.issue('shop.example')];
  const createConnection = () => connect(server.ports.https, '127.0.0.1');
  const client = new HttpsClient({ createConnection }, authority.root);
  for (const shown of [first, next]) {
    await server.client.setCertificate({ certificate: shown.certificate, key: shown.key });
    const { history, handshakes } = await client.send({ host: 'shop.example', path: '/cart', count: 2 });
    expect(handshakes.map(({ fingerprint, distrust }) => [fingerprint, distrust])).toEqual([
      [shown.fingerprint, ''],
      [shown.fingerprint, ''],
    ]);
    expect(history.outcomes.map(({ ending }) => ending)).toEqual([200, 200].map((status) => expect.objectContaining({ status })));
  }
  const { entries } = await server.client.ledger(mark);
  expect(entries.map(({ protocol, path, port }) => [protocol, path, port])).toEqual(
    Array.from({ length: 4 }, () => ['http1', '/cart', server.ports.https]),
  );

  await server.client.setCertificate(null);
  const closed = await client.send({ host: 'shop.example', count: 1 });
  expect(closed.handshakes).toEqual([]);
  const [error] = await once(
    createConnection().on('error', () => undefined),
    'close',
  );
  expect(error).toBe(false);
});

test('Rejects an invalid certificate or key, and keeps the current one', async ({ server }) => {
  const authority = new Authority();
  const [one, other] = [await authority.issue('shop.example'), await authority.issue('shop.example')];
  await server.client.setCertificate({ certificate: one.certificate, key: one.key });
  const mismatched = server.client.setCertificate({ certificate: one.certificate, key: other.key });
  await expect(mismatched).rejects.toThrow('body must be a certificate and its key');
  await expect(server.client.setCertificate({ certificate: 'no', key: one.key })).rejects.toThrow('certificate must be PEM');
  const createConnection = () => connect(server.ports.https, '127.0.0.1');
  const { handshakes } = await new HttpsClient({ createConnection }, authority.root).send({ host: 'shop.example', count: 1 });
  expect(handshakes.map(({ fingerprint }) => fingerprint)).toEqual([one.fingerprint]);
});
