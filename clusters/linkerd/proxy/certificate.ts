import { X509Certificate } from 'node:crypto';
import tls, { type DetailedPeerCertificate } from 'node:tls';

import { MeshproofError } from '../../errors.ts';
import type { PodRef } from '../../kubernetes/manifest.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import type { WorkloadCertificate } from '../../mesh/adapter.ts';
import { ADMIN_PORT, PROXY_CONTAINER } from './admin.ts';

const TRUST_ANCHORS = 'LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS';
const TIMEOUT_MS = 10_000;

/**
 * The certificate that a proxy presents to a client that asks for its identity by name, as `linkerd identity` does, and the anchors that
 * the injector gave it.
 * @param nameOf returns the identity of a service account
 * @throws MeshproofError `POD_MISSING`, or `IDENTITY_UNKNOWN` if it presents none
 */
export async function workloadCertificate(
  access: ClusterAccess,
  pod: PodRef,
  nameOf: (account: string) => string,
): Promise<WorkloadCertificate> {
  const found = (await access.pods(pod.namespace)).find(({ metadata }) => metadata.name === pod.name);
  if (found === undefined) throw new MeshproofError('POD_MISSING', `${pod.namespace} has no pod ${pod.name}`);
  const proxy = [...found.spec.containers, ...(found.spec.initContainers ?? [])].find(({ name }) => name === PROXY_CONTAINER);
  const anchors = proxy?.env?.find(({ name }) => name === TRUST_ANCHORS)?.value ?? '';
  return {
    chain: await chainShown(access, pod, nameOf(found.spec.serviceAccountName ?? 'default')),
    authorities: anchors.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  };
}

async function chainShown(access: ClusterAccess, pod: PodRef, servername: string): Promise<string[]> {
  return await new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(
        new MeshproofError('IDENTITY_UNKNOWN', `the proxy of ${pod.namespace}/${pod.name} shows no certificate: ${cause.message}`, {
          cause,
        }),
      );
    // The caller decides whether to trust the chain.
    const socket = tls.connect(
      { socket: access.connection(pod, ADMIN_PORT), servername, rejectUnauthorized: false, timeout: TIMEOUT_MS },
      () => {
        resolve(chainOf(socket.getPeerCertificate(true)));
        socket.destroy();
      },
    );
    socket.on('timeout', () => socket.destroy(new Error(`no handshake within ${TIMEOUT_MS / 1_000} s`)));
    socket.on('error', fail);
  });
}

/** A certificate and its issuers as PEM; a root is its own issuer. */
function chainOf(first: DetailedPeerCertificate): string[] {
  const chain: string[] = [];
  for (let next: DetailedPeerCertificate | undefined = first; next?.raw !== undefined; next = next.issuerCertificate) {
    const pem = new X509Certificate(next.raw).toString();
    if (chain.includes(pem)) break;
    chain.push(pem);
  }
  return chain;
}
