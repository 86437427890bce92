import 'reflect-metadata';

import { type webcrypto as types, webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';
import { expect, test } from '@playwright/test';

import { matchers } from '../../fixtures/matchers/index.ts';

const { toBeRenewed, toIdentify } = matchers;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;
const FRONTEND = 'spiffe://cluster.local/ns/shop/sa/frontend';

x509.cryptoProvider.set(webcrypto);

interface Made {
  certificate: x509.X509Certificate;
  keys: types.CryptoKeyPair;
}

const newKeys = async () => await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function authority(name: string, issuer?: Made): Promise<Made> {
  const keys = await newKeys();
  const extensions = [new x509.BasicConstraintsExtension(true, 2, true)];
  const about = { subject: `O=${name}`, notBefore: new Date(Date.now() - HOUR), notAfter: new Date(Date.now() + 1000 * HOUR), extensions };
  const certificate =
    issuer === undefined
      ? await x509.X509CertificateGenerator.createSelfSigned({ ...about, name: about.subject, keys, signingAlgorithm: ALGORITHM })
      : await x509.X509CertificateGenerator.create({
          ...about,
          issuer: issuer.certificate.subject,
          publicKey: keys.publicKey,
          signingKey: issuer.keys.privateKey,
          signingAlgorithm: ALGORITHM,
        });
  return { certificate, keys };
}

interface About {
  names?: string[];
  isAuthority?: boolean;
  from?: number;
  hours?: number;
  keys?: types.CryptoKeyPair;
}

async function workload(
  issuer: Made,
  { names = [FRONTEND], isAuthority = false, from = -2 / 60, hours = 24, ...own }: About = {},
): Promise<Made> {
  const keys = own.keys ?? (await newKeys());
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'O=workload',
    issuer: issuer.certificate.subject,
    notBefore: new Date(Date.now() + from * HOUR),
    notAfter: new Date(Date.now() + (from + hours) * HOUR),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(isAuthority, undefined, true),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'url', value }))),
    ],
  });
  return { certificate, keys };
}

const pem = ({ certificate }: Made): string => certificate.toString('pem');
const leaf = async (issuer: Made, about?: About): Promise<string> => pem(await workload(issuer, about));

test('Requires a trusted CA, a valid time, the identity and the lifetime', async () => {
  const root = await authority('root');
  const intermediate = await authority('intermediate', root);
  const stranger = await authority('root');
  const pretender = await workload(root);
  const to = { chain: [], authorities: [root.certificate.toString('pem')] };
  const claim = { as: FRONTEND, to, lifetimeHours: 24 };

  expect(toIdentify({ chain: [await leaf(root)], authorities: [] }, claim).pass).toBe(true);
  expect(toIdentify({ chain: [await leaf(intermediate), pem(intermediate)], authorities: [] }, claim).pass).toBe(true);
  expect(toIdentify({ chain: [await leaf(intermediate), pem(intermediate), pem(root)], authorities: [] }, claim).pass).toBe(true);

  for (const [why, chain] of [
    [
      'its names are URI:spiffe://cluster.local/ns/shop/sa/other',
      [await leaf(root, { names: ['spiffe://cluster.local/ns/shop/sa/other'] })],
    ],
    ['its names are', [await leaf(root, { names: [FRONTEND, 'spiffe://cluster.local/ns/shop/sa/other'] })]],
    ['no CA that the peer trusts has signed it', [await leaf(stranger)]],
    ['no CA that the peer trusts has signed it', [await leaf(pretender), pem(pretender)]],
    ['no CA that the peer trusts has signed it', [await leaf(intermediate)]],
    ['no CA that the peer trusts has signed it', [await leaf(stranger), pem(root)]],
    ['no CA that the peer trusts has signed it', [await leaf(stranger), pem(stranger)]],
    ['it is a CA certificate', [await leaf(root, { isAuthority: true })]],
    ['it is not valid now', [await leaf(root, { from: -25 })]],
    ['it is not valid now', [await leaf(root, { from: 1 })]],
    ['it is valid for 25.00 hours', [await leaf(root, { hours: 25 })]],
  ] as const) {
    expect(toIdentify({ chain, authorities: [] }, claim), why).toMatchObject({ pass: false, observed: expect.stringContaining(why) });
  }
  expect(toIdentify({ chain: [], authorities: [] }, claim).inconclusive).toBe('the proxy has no certificate');
  expect(toIdentify({ chain: [await leaf(root)], authorities: [] }, { ...claim, to: { chain: [], authorities: [] } }).inconclusive).toBe(
    'the peer trusts no CA',
  );
});

test('Requires a renewed certificate to have another key', async () => {
  const root = await authority('root');
  const old = await workload(root);
  const of = (...chain: string[]) => ({ chain, authorities: [] });
  const before = of(pem(old));
  expect(toBeRenewed(of(await leaf(root)), { before }).pass).toBe(true);
  expect(toBeRenewed(of(pem(old), pem(root)), { before })).toMatchObject({
    pass: false,
    against: [{ kind: 'the same certificate', count: 1 }],
  });
  expect(toBeRenewed(of(await leaf(root, { keys: old.keys })), { before })).toMatchObject({
    pass: false,
    against: [{ kind: 'the same key', count: 1 }],
  });
  expect(toBeRenewed(of(), { before }).inconclusive).toBe('the proxy shows no certificate');
});
