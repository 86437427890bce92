import { createPrivateKey, type webcrypto } from 'node:crypto';

import type { X509Certificate } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;
/** Longer than any cluster of meshproof is kept. */
const LIFETIME_MS = 365 * 24 * HOUR_MS;

/** The PEM credentials with which the mesh's identity service issues certificates, and the anchor that proxies trust. */
export interface IssuerCredentials {
  trustAnchor: string;
  certificate: string;
  key: string;
}

interface Issued {
  certificate: X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

/**
 * A trust anchor and an intermediate CA signed by it, both ECDSA P-256 as the identity service requires. The anchor's key is discarded.
 * @param trustDomain the suffix of identities
 */
export async function issuerCredentials(trustDomain: string): Promise<IssuerCredentials> {
  const anchor = await issue(`CN=root.linkerd.${trustDomain}`, 1);
  const issuer = await issue(`CN=identity.linkerd.${trustDomain}`, 0, anchor);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', issuer.keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return {
    trustAnchor: anchor.certificate.toString('pem'),
    certificate: issuer.certificate.toString('pem'),
    key: String(key.export({ format: 'pem', type: 'sec1' })),
  };
}

/** @param pathLength number of CAs that may be below it */
async function issue(subject: string, pathLength: number, by?: Issued): Promise<Issued> {
  await import('reflect-metadata');
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator } =
    await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    subject,
    issuer: by?.certificate.subject ?? subject,
    notBefore: new Date(Date.now() - HOUR_MS),
    notAfter: new Date(Date.now() + LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    extensions: [
      new BasicConstraintsExtension(true, pathLength, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}
