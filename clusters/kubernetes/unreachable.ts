import { MeshproofError } from '../errors.ts';

/** The hint for a response that cannot be an API server's. */
export const ELSEWHERE =
  'a login page or a proxy may have answered instead of the API server; check the address of the server in the kubeconfig';

const AUTHORITY = 'the server’s certificate is not signed by the certificate-authority in the kubeconfig';
const HINTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'the server’s certificate is for other names; tls-server-name in the kubeconfig sets the name to expect',
  CERT_HAS_EXPIRED: 'the server’s certificate, or that of the authority that signed it, has expired',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  ERR_INVALID_CHAR: 'a token or a name in the kubeconfig contains a line break or another character that is not allowed in a header',
  ECONNRESET: 'the server closed the connection: it may use another protocol, or reject the client certificate, which may have expired',
};

/** The hint for an error that prevented obtaining credentials, before anything was sent. */
export function hintForCredentials(cause: unknown): string {
  const own = cause instanceof MeshproofError ? cause.hint : undefined;
  return own ?? 'check the cluster and the user of that context in the kubeconfig, and the files that they name';
}

/** The hint for an error that prevented reaching an API server. */
export function hintFor(cause: unknown): string {
  if (cause instanceof MeshproofError) return cause.hint ?? 'check the user of that context in the kubeconfig';
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return HINTS[code] ?? 'check that the cluster is running and that this is the right context';
}
