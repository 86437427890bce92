import { createPrivateKey, X509Certificate } from 'node:crypto';

import type { ClusterFields, UserFields } from './kubeconfig.ts';

/** The auth providers that the Kubernetes client supports; it ignores any other, or fails. */
const PROVIDERS = ['gcp', 'azure', 'oidc'];

/** Why a user's credentials cannot be obtained; undefined if they can. */
export function problemWith({ exec, 'auth-provider': provider }: UserFields): string | undefined {
  if (exec && !exec.command) return 'its credential plug-in has no command';
  if (exec && [exec.args, exec.env].some((list) => list && !Array.isArray(list)))
    return 'args or env of its credential plug-in is not a list';
  if (!provider) return undefined;
  const { name = '', config } = provider;
  if (!PROVIDERS.includes(name)) return `its auth-provider ${name} is unknown; ${LOG_IN}`;
  return config ? undefined : `its auth-provider ${name} has no config; ${LOG_IN}`;
}

export const LOG_IN = 'log in again, or use a credential plug-in (exec)';

/** Fields of a kubeconfig that contain base64-encoded PEM. Node.js ignores what it cannot parse, so an invalid CA would trust no server. */
const PEM = [
  ['certificate-authority-data', 'certificate', (pem: Buffer) => new X509Certificate(pem)],
  ['client-certificate-data', 'certificate', (pem: Buffer) => new X509Certificate(pem)],
  ['client-key-data', 'private key without a passphrase', (pem: Buffer) => createPrivateKey(pem)],
] as const;

/** Which certificate or key of a kubeconfig is invalid; undefined if none is. */
export function problemWithData(fields: ClusterFields & UserFields): string | undefined {
  for (const [name, what, read] of PEM) {
    const data = fields[name];
    try {
      // An empty value counts as missing.
      if (data) read(Buffer.from(data, 'base64'));
    } catch {
      return `its ${name} is not a base64-encoded PEM ${what}`;
    }
  }
  return undefined;
}
