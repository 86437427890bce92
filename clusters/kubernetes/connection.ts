import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

import type { KubeConfig } from '@kubernetes/client-node';
import type { ClientOptions } from 'ws';

import { MeshproofError, causeOf } from '../errors.ts';
import { refusal } from './api-error.ts';
import { given } from './given.ts';

export interface ApiRequest {
  /** What this is for, as it begins the sentence of an error, e.g. "listing Pods". */
  doing: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
  /** Default 30 000. */
  timeoutMs?: number;
  /** Called with each warning of the server, or of an admission webhook behind it, about what it accepts. */
  warned?: ((text: string) => void) | undefined;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Secured = ClientOptions & { headers?: Record<string, string>; servername?: string; auth?: string };

const BUSY_RETRIES = 5;
/** In seconds. A server that asks for more is told of as one that refuses. */
const MOST_PATIENCE_S = 10;

/**
 * Authenticated HTTP to one API server over kept connections.
 * The client's own HTTP layer makes a new dispatcher for each call, hence a TLS handshake a call, and hides Warning headers and field validation.
 */
export class Connection {
  readonly server: URL;
  readonly context: string;
  readonly #config: KubeConfig;
  #agent: { key: string; agent: http.Agent } | undefined;

  constructor(config: KubeConfig) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new MeshproofError('KUBECONFIG_INVALID', `context ${config.getCurrentContext()} names no cluster`);
    this.#config = config;
    this.server = new URL(cluster.server);
    this.context = config.getCurrentContext();
  }

  /**
   * Sends one request and returns the body of the answer.
   * A kept connection that the server closed meanwhile is replaced once, and a server that asks for patience (429) gets it.
   * @throws ApiRefusal (`API_REFUSED`) on any status from 400, MeshproofError `API_UNREACHABLE`, or the signal's reason
   */
  async text(method: Method, path: string, request: ApiRequest): Promise<string> {
    for (let busy = 0; ; busy++) {
      const answer = await this.#send(method, path, request);
      if (answer.status < 400) {
        for (const text of warningsOf(answer.headers.warning)) request.warned?.(text);
        return answer.text;
      }
      if (answer.status !== 429 || busy === BUSY_RETRIES) throw refusal(request.doing, answer.status, answer.text);
      await delay(patienceIn(answer.headers['retry-after']), undefined, request.signal ? { signal: request.signal } : {}).catch((error) => {
        request.signal?.throwIfAborted();
        throw error;
      });
    }
  }

  /** As `text`, parsed. The caller vouches for the type, as the API's documentation does. */
  async json<T>(method: Method, path: string, request: ApiRequest): Promise<T> {
    const answer: T = JSON.parse(await this.text(method, path, request));
    return answer;
  }

  /** What a WebSocket to this server needs: address, TLS, credentials, proxy. */
  async webSocket(path: string): Promise<{ url: URL; options: ClientOptions }> {
    const options = await this.#credentials();
    const url = this.#url(path, {});
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (!this.#proxied()) delete options.agent;
    return { url, options };
  }

  /** Ends the kept connections. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #send(method: Method, path: string, request: ApiRequest): Promise<Answer> {
    const { doing, signal, timeoutMs = 30_000 } = request;
    signal?.throwIfAborted();
    const options = await this.#credentials();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: http.OutgoingHttpHeaders = { ...options.headers, accept: 'application/json', 'user-agent': 'meshproof' };
    if (body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(body);
    }
    const url = this.#url(path, request.query ?? {});
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const settings = { method, headers, agent: this.#keptAgent(options), signal: either, ...given({ auth: options.auth }) };
    for (let attempt = 0; ; attempt++) {
      try {
        return await exchange(url, settings, body);
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt === 0 && error instanceof StaleConnection) continue;
        const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : causeOf(error);
        throw this.#unreachable(`${doing} failed: ${why}`, error);
      }
    }
  }

  async #credentials(): Promise<Secured> {
    const options: Secured = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw this.#unreachable(
        `its credentials could not be had: ${causeOf(error).trim() || 'the credential plug-in failed and said nothing'}`,
        error,
      );
    }
    return options;
  }

  #unreachable(what: string, cause: unknown): MeshproofError {
    const message = `the API server ${this.server.origin} (context ${this.context}) is unreachable: ${what}`;
    return new MeshproofError('API_UNREACHABLE', message, { cause, hint: 'see whether the cluster runs and the context is the right one' });
  }

  #proxied(): boolean {
    return this.#config.getCurrentCluster()?.proxyUrl !== undefined;
  }

  /** Credentials from exec plug-ins rotate, so the agent is renewed with them. */
  #keptAgent(options: Secured): http.Agent {
    if (this.#proxied() && options.agent instanceof http.Agent) return options.agent;
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    const tls = given({ ca, cert, key, rejectUnauthorized, servername });
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

/**
 * How long a Retry-After header asks to wait, in milliseconds: a number of seconds or a date (RFC 9110, 10.2.3), one second where it is neither, and
 * never longer than is worth waiting for.
 */
export function patienceIn(header: string | undefined, now = Date.now()): number {
  const seconds = /^\s*\d+\s*$/.test(header ?? '') ? Number(header) : (Date.parse(header ?? '') - now) / 1_000;
  return Math.min(Math.max(Number.isNaN(seconds) ? 1 : seconds, 0), MOST_PATIENCE_S) * 1_000;
}

/** The texts of a Warning header, which holds one or several of `299 - "text"`. */
export function warningsOf(header: string | undefined): string[] {
  const quoted = (header ?? '').matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g);
  return [...quoted].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1'));
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
