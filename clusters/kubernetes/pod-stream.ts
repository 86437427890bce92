import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { callbackify } from 'node:util';

import { WebSocket } from 'ws';

import { MeshproofError } from '../errors.ts';
import { refusal } from './api-error.ts';
import type { Connection } from './connection.ts';
import type { PodRef } from './manifest.ts';

/** Each message starts with its channel number: 0 carries the data, 1 an error message from the pod. */
const DATA = 0;
const ERROR = 1;
/** The first message on each channel contains the port, in two bytes. */
const PORT_BYTES = 2;
/** API servers buffer a message before passing it on; some reject large ones. */
const LARGEST_MESSAGE = 256 * 1024;
const HANDSHAKE_MS = 10_000;

/**
 * A byte stream to a port of a pod: the WebSocket form of port-forward, subprotocol v4.channel.k8s.io. It connects when created; earlier
 * writes are queued. Its error is an ApiRefusal (no such pod, no permission to forward), or a MeshproofError `API_UNREACHABLE` (no
 * connection to the API server) or `POD_UNREACHABLE` (the message of the pod's node, e.g. that nothing listens on the port).
 */
export class PodStream extends Duplex {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #where: string;
  readonly #portBytes = [PORT_BYTES, PORT_BYTES];
  #webSocket: WebSocket | undefined;
  #socket: Socket | undefined;
  #held = true;

  constructor(connection: Connection, { namespace, name }: PodRef, port: number) {
    super({ allowHalfOpen: false });
    this.#connection = connection;
    this.#path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/portforward?ports=${port}`;
    this.#where = `${namespace}/${name}:${port}`;
  }

  override _construct(done: (error?: Error | null) => void): void {
    callbackify(() => this.#dial())(done);
  }

  /** A pending handshake would delay the destruction, because a stream is not destroyed before it is constructed. */
  override destroy(error?: Error): this {
    if (this.#webSocket?.readyState === WebSocket.CONNECTING) this.#webSocket.terminate();
    return super.destroy(error);
  }

  override _read(): void {
    this.#webSocket?.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    for (let start = 0; start < chunk.length; start += LARGEST_MESSAGE) {
      const part = chunk.subarray(start, start + LARGEST_MESSAGE);
      const last = start + LARGEST_MESSAGE >= chunk.length;
      // ws calls back when the operating system has accepted the data, so a slow pod slows down the writer.
      this.#webSocket?.send(Buffer.concat([Buffer.of(DATA), part]), last ? (error) => done(error) : undefined);
    }
    if (chunk.length === 0) done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#webSocket?.terminate();
    done(error);
  }

  /** The subprotocol has no half-close. */
  override _final(done: (error?: Error | null) => void): void {
    this.#webSocket?.close();
    done();
  }

  // The methods that http.Agent requires of a socket that it keeps. Above all, an idle one must not keep the process alive.
  ref(): this {
    this.#held = true;
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#held = false;
    this.#socket?.unref();
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket?.setKeepAlive(enable, initialDelay);
    return this;
  }

  setNoDelay(enable?: boolean): this {
    this.#socket?.setNoDelay(enable);
    return this;
  }

  setTimeout(milliseconds: number, callback?: () => void): this {
    this.#socket?.setTimeout(milliseconds);
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  async #dial(): Promise<void> {
    const { url, options } = await this.#connection.webSocket(this.#path);
    await new Promise<void>((resolve, reject) => {
      const webSocket = new WebSocket(url, ['v4.channel.k8s.io'], { ...options, perMessageDeflate: false, handshakeTimeout: HANDSHAKE_MS });
      this.#webSocket = webSocket;
      webSocket.once('upgrade', ({ socket }: IncomingMessage) => {
        this.#socket = socket;
        socket.on('timeout', () => this.emit('timeout'));
        if (!this.#held) socket.unref();
      });
      webSocket.once('unexpected-response', (request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          reject(refusal(`forwarding to ${this.#where}`, response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')));
          request.destroy();
        });
      });
      webSocket.on('error', (error) => {
        const message = `no connection to ${this.#where} through ${this.#connection.server.origin}: ${error.message}`;
        const failure = new MeshproofError('API_UNREACHABLE', message, { cause: error });
        reject(failure);
        this.destroy(failure);
      });
      webSocket.on('message', (message: Buffer) => this.#received(message));
      webSocket.on('close', (code) => this.#closed(code));
      webSocket.once('open', resolve);
    });
  }

  #received(message: Buffer): void {
    const channel = message[0] ?? -1;
    if (channel !== DATA && channel !== ERROR) return;
    const skipped = Math.min(this.#portBytes[channel] ?? 0, message.length - 1);
    this.#portBytes[channel] = (this.#portBytes[channel] ?? 0) - skipped;
    const payload = message.subarray(1 + skipped);
    if (payload.length === 0) return;
    if (channel === ERROR) {
      const said = payload.toString('utf8').trim();
      this.destroy(new MeshproofError('POD_UNREACHABLE', `the connection to ${this.#where} failed: ${said}`));
    } else if (!this.push(payload)) {
      this.#webSocket?.pause();
    }
  }

  /** Delivers the data that has arrived. After that the stream must be unusable, or http.Agent would reuse it. */
  #closed(code: number): void {
    if (this.destroyed) return;
    if (code === 1006) {
      this.destroy(Object.assign(new Error(`the connection to ${this.#where} was lost`), { code: 'ECONNRESET' }));
      return;
    }
    this.once('end', () => this.destroy());
    this.push(null);
  }
}
