import { MeshproofError, type ErrorFacts } from '../errors.ts';
import { printable } from '../printable.ts';
import { omitUndefined } from './omit-undefined.ts';
import { ELSEWHERE } from './unreachable.ts';

/** The API server rejected a request. The message quotes the server's own sentence, which names the field or the missing permission. */
export class ApiRefusal extends MeshproofError {
  /** HTTP status. */
  readonly status: number;
  /** The reason in the Status body, e.g. NotFound, Conflict, Invalid, Forbidden. */
  readonly reason: string;

  constructor(message: string, status: number, reason: string, facts: ErrorFacts = {}) {
    super('API_REFUSED', message, facts);
    this.status = status;
    this.reason = reason;
  }
}

/**
 * Reduces an error response to one sentence.
 * @param description what was attempted, as the start of the sentence, e.g. "applying DestinationRule a/b"
 * @param location the target of a redirect; API servers never redirect
 */
export function refusal(description: string, status: number, body: string, location?: string): ApiRefusal {
  const { message, reason } = statusBody(body);
  const words = message ?? (location === undefined ? plain(body) : `it redirects to ${location.split('?')[0]}`);
  const full = printable(words).replaceAll(/\s+/g, ' ').trim();
  // For a patch the server quotes the whole object before the actual error.
  const said = full.slice(Math.max(0, full.indexOf('strict decoding error'))).slice(0, 1_000);
  const hint =
    status === 401
      ? 'the kubeconfig’s credentials are not accepted; log in again or use another context'
      : message === undefined && reason === undefined && words !== body
        ? ELSEWHERE
        : undefined;
  return new ApiRefusal(
    `${description} was refused (${status}): ${said || 'no reason given'}`,
    status,
    printable(reason ?? ''),
    omitUndefined({ hint }),
  );
}

function plain(body: string): string {
  return /^\s*</.test(body) ? 'the response is HTML' : body;
}

function statusBody(body: string): { message?: string; reason?: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

/** The admission webhook that a refusal names, because it denied the request or did not answer; undefined if it names none. */
export function webhookIn(message: string): string | undefined {
  return /(?:admission|failed calling) webhook "([^"]+)"/.exec(message)?.[1];
}

const BY_POLICY = /admission webhook "(?<webhook>[^"]+)" denied the request|ValidatingAdmissionPolicy '(?<policy>[^']+)'/;

/**
 * Whether a policy of the cluster's owner rejected the request, rather than the API server itself.
 * @param own matches admission webhooks that are not the owner's, e.g. the mesh's; default none
 */
export function isRefusedByPolicy(error: unknown, own?: RegExp): error is ApiRefusal {
  const { webhook, policy } = (error instanceof ApiRefusal ? BY_POLICY.exec(error.message)?.groups : undefined) ?? {};
  return policy !== undefined || (webhook !== undefined && own?.test(webhook) !== true);
}

/**
 * Whether the API server's kept connection to an admission webhook had ended without its notice, as after an outage of the webhook's pods. It
 * sends no request a second time by itself; the next one gets a new connection.
 */
export function isStaleWebhook(error: unknown): boolean {
  return error instanceof ApiRefusal && /failed calling webhook .*(?:connection reset by peer|broken pipe|\bEOF)/.test(error.message);
}
