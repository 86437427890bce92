import http from 'node:http';
import type { Duplex } from 'node:stream';

import { MeshproofError, causeOf } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { PodRef } from './manifest.ts';
import { PodStream } from './pod-stream.ts';

/**
 * An HTTP agent whose connections end at a port in a pod's network namespace, so that they reach ports on the pod's loopback address too,
 * and bypass the mesh's proxy and all policies. Each connection is a port-forward WebSocket of its own, which is kept for later requests,
 * and replaced if the peer has closed it. No port is opened on this machine. Call `destroy()` when done.
 */
export class PodTunnel extends http.Agent {
  readonly pod: PodRef;
  readonly port: number;
  readonly #connection: Connection;

  constructor(connection: Connection, pod: PodRef, port: number) {
    super({ keepAlive: true, maxFreeSockets: 4 });
    this.#connection = connection;
    this.pod = pod;
    this.port = port;
  }

  /** The target in messages: `namespace/pod:port`. */
  get address(): string {
    return `${this.pod.namespace}/${this.pod.name}:${this.port}`;
  }

  override createConnection(): Duplex {
    return new PodStream(this.#connection, this.pod, this.port);
  }
}

export interface PodRequestOptions {
  headers?: Record<string, string>;
  /** Time limit for the complete response in milliseconds; default 10 000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Sends one HTTP request through the tunnel and returns the body as text. If a kept connection turns out to be closed, GET, PUT and DELETE
 * are sent again on a new one; POST never is, because it may have been processed.
 * @throws MeshproofError with code `POD_REFUSED` (a status from 400), `POD_TIMED_OUT`, `POD_UNREACHABLE` (port closed, or connection lost,
 * even within a body), ApiRefusal (no such pod), or the signal's reason
 */
export async function requestText(
  agent: PodTunnel,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: string,
  { headers = {}, timeoutMs = 10_000, signal }: PodRequestOptions = {},
): Promise<string> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const description = `${method} ${path} on ${agent.address}`;
  const options = { agent, host: '127.0.0.1', port: agent.port, method, path, headers, signal: either };
  for (let attempt = 0; ; attempt++) {
    try {
      const { status, text } = await exchange(options, body);
      if (status < 400) return text;
      throw new MeshproofError('POD_REFUSED', `${description} was answered with ${status}: ${text.trim().slice(0, 500)}`);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StaleConnection && method !== 'POST' && attempt === 0) continue;
      if (timeout.aborted)
        throw new MeshproofError('POD_TIMED_OUT', `${description} was not answered within ${timeoutMs} ms`, { cause: error });
      if (error instanceof MeshproofError) throw error;
      throw new MeshproofError('POD_UNREACHABLE', `${description} failed: ${causeOf(error)}`, { cause: error });
    }
  }
}

/**
 * Like `requestText` with JSON in both directions. The response type is not verified.
 * @throws the errors of `requestText`, and MeshproofError `POD_REFUSED` if the response is not JSON
 */
export async function requestJson<T>(
  agent: PodTunnel,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  options: PodRequestOptions = {},
): Promise<T> {
  const headers = { ...options.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const text = await requestText(agent, method, path, body === undefined ? undefined : JSON.stringify(body), { ...options, headers });
  try {
    const answer: T = JSON.parse(text);
    return answer;
  } catch (error) {
    const message = `${method} ${path} on ${agent.address} was not answered with JSON: ${text.slice(0, 200)}`;
    throw new MeshproofError('POD_REFUSED', message, { cause: error });
  }
}

class StaleConnection extends Error {}

async function exchange(options: http.RequestOptions, body: string | undefined): Promise<{ status: number; text: string }> {
  return await new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    let answered = false;
    request.on('response', () => (answered = true));
    request.on('error', (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && !answered && error.code === 'ECONNRESET';
      reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    if (body !== undefined) request.setHeader('content-length', Buffer.byteLength(body));
    request.end(body);
  });
}
