import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

import type { ClientOptions } from 'ws';

import { MeshproofError, causeOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { refusal } from './api-error.ts';
import type { Credentials, Secured } from './credentials.ts';
import { omitUndefined } from './omit-undefined.ts';
import { ELSEWHERE, hintFor, hintForCredentials } from './unreachable.ts';

export interface ApiRequest {
  /** What the request does, as the beginning of an error message, e.g. "listing Pods". */
  description: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
  /** Default application/json. */
  accept?: string;
  signal?: AbortSignal | undefined;
  /** Default 30 000. */
  timeoutMs?: number;
  /** Called with each warning of the server or an admission webhook about what was accepted. */
  warned?: ((text: string) => void) | undefined;
}

export interface JsonRequest<T extends object> extends ApiRequest {
  /** Members that the response must have: lists, objects or strings. */
  members?: readonly (keyof T & string)[];
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const BUSY_RETRIES = 5;
/** Maximum wait before a retry, even if the server requests more. */
const LONGEST_PATIENCE_MS = 10_000;

/**
 * Authenticated HTTP to one API server over kept connections. The Kubernetes client's own HTTP layer needs a TLS handshake for each call,
 * and hides Warning headers and field validation.
 */
export class Connection {
  readonly server: URL;
  readonly context: string;
  readonly #credentials: Credentials;
  #agent: { key: string; agent: http.Agent } | undefined;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
    this.server = credentials.server;
    this.context = credentials.context;
  }

  /**
   * Sends one request and returns the body of the response. A kept connection that the server has closed is replaced once; a request that
   * is answered with 429 is retried up to five times, each after at most 10 s.
   * @throws ApiRefusal (`API_REFUSED`) for any status from 300 on; MeshproofError `API_UNREACHABLE`, also if the server rejects the request
   * because it is starting or stopping; or the signal's reason
   */
  async text(method: Method, path: string, request: ApiRequest): Promise<string> {
    for (let busy = 0; ; busy++) {
      const answer = await this.#send(method, path, request);
      if (answer.status < 300) {
        for (const text of warningsOf(answer.headers.warning)) request.warned?.(text);
        return answer.text;
      }
      if (answer.status !== 429 || busy === BUSY_RETRIES) {
        const refused = refusal(request.description, answer.status, answer.text, answer.headers.location);
        if ([401, 403, 503].includes(answer.status) && !(await this.#isReady(request.signal)))
          throw this.#unreachable(`it is not ready: ${refused.message}`, refused);
        throw refused;
      }
      await delay(patienceOf(answer.headers['retry-after']), undefined, omitUndefined({ signal: request.signal })).catch(
        (error: unknown) => {
          request.signal?.throwIfAborted();
          throw error;
        },
      );
    }
  }

  /**
   * Like `text`, with the response parsed. Only `request.members` are verified; the rest of the type is as the API documents it.
   * @throws also `API_UNREACHABLE` for a response without them, which is not from an API server
   */
  async json<T extends object>(method: Method, path: string, request: JsonRequest<T>): Promise<T> {
    const text = await this.text(method, path, request);
    const answer = parsed(text);
    if (isObject(answer) && (request.members ?? []).every((name) => isObject(answer[name]) || typeof answer[name] === 'string'))
      return answer as T;
    const shape = answer !== undefined ? 'with an unexpected object' : /^\s*</.test(text) ? 'with HTML' : 'without JSON';
    throw this.#unreachable(`${request.description} was answered ${shape}`, new MeshproofError('API_ANSWER', shape, { hint: ELSEWHERE }));
  }

  /** What a WebSocket to this server needs: address, TLS, credentials, proxy. */
  async webSocket(path: string): Promise<{ url: URL; options: ClientOptions }> {
    // These are valid header values; the types of the package are narrower.
    const options = (await this.#secured()) as ClientOptions;
    const url = this.#url(path, {});
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (!this.#credentials.proxied) delete options.agent;
    return { url, options };
  }

  /** Closes the kept connections. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #send(method: Method, path: string, request: ApiRequest): Promise<Answer> {
    const { description, signal, timeoutMs = 30_000 } = request;
    signal?.throwIfAborted();
    const options = await this.#secured(signal);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: http.OutgoingHttpHeaders = {
      ...options.headers,
      accept: request.accept ?? 'application/json',
      'user-agent': 'meshproof',
    };
    if (body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const url = this.#url(path, request.query ?? {});
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const settings = { method, headers, agent: this.#keptAgent(options), signal: either, ...omitUndefined({ auth: options.auth }) };
    for (let attempt = 0; ; attempt++) {
      try {
        return await exchange(url, settings, body);
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt === 0 && error instanceof StaleConnection) continue;
        const why = timeout.aborted ? `no response within ${timeoutMs} ms` : causeOf(error);
        throw this.#unreachable(`${description} failed: ${why}`, error);
      }
    }
  }

  /** An API server rejects all requests until it has read its roles and accounts, and while it shuts down. Its readiness is public. */
  async #isReady(signal: AbortSignal | undefined): Promise<boolean> {
    const { status } = await this.#send('GET', '/readyz', { description: 'checking whether it is ready', signal, timeoutMs: 5_000 });
    return status < 500;
  }

  async #secured(signal?: AbortSignal): Promise<Secured> {
    try {
      return await this.#credentials.settings(signal);
    } catch (error) {
      if (!(error instanceof MeshproofError && error.code === 'CREDENTIAL_PLUGIN')) signal?.throwIfAborted();
      // The parser quotes what it read, which may contain a token.
      const told = error instanceof SyntaxError ? new Error('the kubeconfig’s token is malformed') : error;
      throw this.#unreachable(`its credentials could not be obtained: ${causeOf(told)}`, told, hintForCredentials(told));
    }
  }

  #unreachable(what: string, cause: unknown, hint = hintFor(cause)): MeshproofError {
    const message = `the API server ${this.server.origin} (context ${this.context}) is unreachable: ${what}`;
    return new MeshproofError('API_UNREACHABLE', message, { cause, hint });
  }

  /** Credentials from exec plug-ins rotate, so the agent is renewed with them. */
  #keptAgent(options: Secured): http.Agent {
    if (this.#credentials.proxied && options.agent instanceof http.Agent) return options.agent;
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const tls = omitUndefined({ ca, cert, key, rejectUnauthorized, servername });
    const id = JSON.stringify(tls);
    if (this.#agent?.key !== id) {
      this.#agent?.agent.destroy();
      const kept = { keepAlive: true, maxSockets: 16 };
      this.#agent = { key: id, agent: this.server.protocol === 'https:' ? new https.Agent({ ...kept, ...tls }) : new http.Agent(kept) };
    }
    return this.#agent.agent;
  }

  #url(path: string, query: NonNullable<ApiRequest['query']>): URL {
    const url = new URL(this.server);
    const [pathname = '', search = ''] = path.split('?');
    url.pathname = url.pathname.replace(/\/$/, '') + pathname;
    url.search = search;
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    return url;
  }
}

/** Milliseconds to wait according to a Retry-After header (seconds or a date), from 0 to 10 000; 1 000 if it has neither. */
export function patienceOf(header: string | undefined, now = Date.now()): number {
  const text = header?.trim() ?? '';
  const asked = /^\d+$/.test(text) ? Number(text) * 1_000 : text.endsWith(' GMT') ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(asked) ? 1_000 : Math.min(Math.max(asked, 0), LONGEST_PATIENCE_MS);
}

/** The texts of a Warning header, which has one or more of `299 - "text"`, made printable. */
export function warningsOf(header: string | undefined): string[] {
  const quoted = (header ?? '').matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...quoted].map(([, text = '']) => printable(text.replaceAll(/\\(.)/g, '$1')));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

class StaleConnection extends Error {}

async function exchange(url: URL, settings: https.RequestOptions, body: string | undefined): Promise<Answer> {
  return await new Promise<Answer>((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, settings, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.end(body);
  });
}
