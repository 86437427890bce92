import type { PodRef } from '../../kubernetes/manifest.ts';
import type { WorkloadCertificate } from '../../mesh/adapter.ts';
import type { ClusterAccess } from '../../mesh/access.ts';
import { ADMIN_PORT } from './admin.ts';

interface Secret {
  name?: string;
  secret?: {
    tls_certificate?: { certificate_chain?: { inline_bytes?: string } };
    validation_context?: { trusted_ca?: { inline_bytes?: string } };
  };
}

/** The certificate with which a proxy proves its pod's identity, and the CA certificates that it trusts. The private key stays in Envoy. */
export async function workloadCertificate(access: ClusterAccess, pod: PodRef): Promise<WorkloadCertificate> {
  return parseSecrets(await access.fetchText(pod, ADMIN_PORT, '/config_dump?resource=dynamic_active_secrets'));
}

/**
 * Parses the secrets in a config dump: the agent in the proxy's container names its own certificate `default`, and the mesh's CA
 * certificates `ROOTCA`.
 */
function parseSecrets(text: string): WorkloadCertificate {
  const { configs = [] }: { configs?: Secret[] } = JSON.parse(text);
  const secret = (wanted: string) => configs.find(({ name }) => name === wanted)?.secret;
  return {
    chain: certificatesIn(secret('default')?.tls_certificate?.certificate_chain?.inline_bytes),
    authorities: certificatesIn(secret('ROOTCA')?.validation_context?.trusted_ca?.inline_bytes),
  };
}

function certificatesIn(base64 = ''): string[] {
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
