import { MeshproofError } from '../errors.ts';

/** For an answer that no API server gives. */
export const ELSEWHERE =
  'a login page or a proxy may answer there instead of the API server; see whether the server of the kubeconfig is the right one';

const AUTHORITY = 'the certificate-authority of the kubeconfig does not vouch for the certificate that is shown there';
const HINTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate there is for other names; tls-server-name in the kubeconfig says which name to expect',
  CERT_HAS_EXPIRED: 'the certificate there, or the authority that vouches for it, has expired',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  ERR_INVALID_CHAR: 'a token or a name in the kubeconfig has a line break or another sign that no header may hold',
  ECONNRESET: 'the server hung up: it may speak another protocol, or not accept the client certificate, which may have expired',
};

/** What to do about an error for which an API server was not reached. */
export function hintFor(cause: unknown): string {
  if (cause instanceof MeshproofError) return cause.hint ?? 'see the user of that context in the kubeconfig';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return HINTS[code] ?? 'see whether the cluster runs and the context is the right one';
}
