import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';

import { FACTS } from '../../clusters/istio/facts.ts';
import type { MeshAdapter } from '../../clusters/mesh/adapter.ts';
import { Issuer } from '../../fixtures/external/issuer.ts';
import { expect, test } from '../agent/agents.ts';

const keysAt = async (uri: string): Promise<JSONWebKeySet> => (await (await fetch(uri)).json()) as JSONWebKeySet;

const mesh = { facts: FACTS, converge: async () => ({ enforcedMs: 1, stages: {} }) } as Partial<MeshAdapter> as MeshAdapter;

test('Issues tokens that verify with the published keys, and with no others', async ({ server }) => {
  const issuer = new Issuer(server.client, server.target('http1'), { mesh, namespace: 'rig' });
  const { JWKS_URI, JWKS_URI_FIRST } = await issuer.open();
  const expected = { issuer: 'https://accounts.example.com', audience: 'api.example.com' };
  const verify = async (token: string) => await jwtVerify(token, createLocalJWKSet(await keysAt(JWKS_URI)), expected);
  await verify(await issuer.token());

  const second = await issuer.newKey();
  await expect(verify(await issuer.token({ key: second }))).rejects.toThrow('no applicable key found');
  await expect(verify(await issuer.token({ key: second, keyId: issuer.firstKey.id }))).rejects.toThrow('signature verification failed');
  await expect(verify(await issuer.token({ claims: { aud: 'another' } }))).rejects.toThrow('"aud"');
  await expect(verify(issuer.unsignedToken())).rejects.toThrow();
  await expect(verify(await issuer.confusedToken())).rejects.toThrow();
  expect(decodeProtectedHeader(issuer.unsignedToken()).alg).toBe('none');
  expect('iss' in decodeJwt(await issuer.token({ claims: { iss: undefined } }))).toBe(false);

  const mark = await server.client.mark();
  let published = false;
  const publishing = issuer.publish(second).then(() => (published = true));
  await expect.poll(async () => (await keysAt(JWKS_URI)).keys.map(({ kid }) => kid)).toEqual([second.id]);
  // Three fetches since the keys were published, and not before.
  await expect
    .poll(async () => {
      await keysAt(JWKS_URI);
      return published;
    })
    .toBe(true);
  const fetches = (await server.client.ledger(mark)).entries.filter(({ path }) => JWKS_URI.endsWith(path));
  expect(fetches.length).toBeGreaterThanOrEqual(3);
  await publishing;
  await verify(await issuer.token());
  await expect(verify(await issuer.token({ key: issuer.firstKey }))).rejects.toThrow('no applicable key found');
  expect((await keysAt(JWKS_URI_FIRST)).keys.map(({ kid }) => kid)).toEqual([issuer.firstKey.id]);
  expect((await keysAt(new URL('/jwks/of-the-past', JWKS_URI).href)).keys).toEqual([]);
});
