import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import { mergePatch } from '../../clusters/kubernetes/merge-patch.ts';
import { jsonPatched } from './json-patch.ts';
import { bridge, portOf } from './port-forward.ts';

export interface Recorded {
  method: string;
  path: string;
  query: URLSearchParams;
  contentType: string;
  accept: string;
  body: StandInObject;
}

export interface StandInObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; uid?: string; finalizers?: string[]; deletionTimestamp?: string; [field: string]: unknown };
  [field: string]: unknown;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: http.OutgoingHttpHeaders;
}

/** Stores objects like an API server and supports the port-forward subprotocol, over plain HTTP on loopback. */
export class StandInApi {
  readonly requests: Recorded[] = [];
  /** By path, e.g. /api/v1/namespaces/a/pods/b. */
  readonly objects = new Map<string, StandInObject>();
  readonly kinds = new Map<string, { name: string; kind: string; namespaced: boolean }[]>([
    [
      'v1',
      [
        { name: 'pods', kind: 'Pod', namespaced: true },
        { name: 'pods/log', kind: 'Pod', namespaced: true },
        { name: 'configmaps', kind: 'ConfigMap', namespaced: true },
        { name: 'events', kind: 'Event', namespaced: true },
        { name: 'namespaces', kind: 'Namespace', namespaced: false },
      ],
    ],
    ['apps/v1', [{ name: 'deployments', kind: 'Deployment', namespaced: true }]],
    ['coordination.k8s.io/v1', [{ name: 'leases', kind: 'Lease', namespaced: true }]],
    ['security.istio.io/v1beta1', [{ name: 'peerauthentications', kind: 'PeerAuthentication', namespaced: true }]],
    [
      'admissionregistration.k8s.io/v1',
      [{ name: 'mutatingwebhookconfigurations', kind: 'MutatingWebhookConfiguration', namespaced: false }],
    ],
    ['apiextensions.k8s.io/v1', [{ name: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false }]],
  ]);
  /** Overrides the response if it returns one. */
  intercept: (request: Recorded) => Answer | undefined = () => undefined;
  /** Handles a port-forward to the pod at `path`; by default it connects to `forwardTo`. */
  forward: (webSocket: WebSocket, port: number, path: string) => void = (webSocket, port) =>
    bridge(webSocket, port, this.forwardTo ?? port);
  forwardTo: number | undefined;
  /** Handles a program that is to run in a pod. */
  exec: (webSocket: WebSocket, query: URLSearchParams) => void = (webSocket) => webSocket.close();
  /** Whether handshakes are left unanswered. */
  silent = false;
  /** Number of HTTP connections and port-forwards that were ever opened. */
  connections = 0;
  dials = 0;
  readonly sockets = new Set<Duplex>();
  readonly #server: http.Server;
  #uid = 0;
  #version = 0;

  private constructor() {
    const webSockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
    });
    this.#server = http.createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: net.Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.silent) return;
      const url = new URL(request.url ?? '', 'http://stand-in');
      const pod = url.pathname.replace(/\/(portforward|exec)$/, '');
      if (!this.objects.has(pod)) {
        const body = JSON.stringify({
          kind: 'Status',
          message: `pods "${pod.split('/').at(-1)}" not found`,
          reason: 'NotFound',
          code: 404,
        });
        socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        return;
      }
      this.dials++;
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        if (url.pathname.endsWith('/exec')) this.exec(webSocket, url.searchParams);
        else this.forward(webSocket, Number(url.searchParams.get('ports')), url.pathname);
      });
    });
  }

  static async start(): Promise<StandInApi> {
    const api = new StandInApi();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  get address(): string {
    return `http://127.0.0.1:${portOf(this.#server)}`;
  }

  writeKubeconfig(file: string): string {
    const content = {
      clusters: [{ name: 'stand-in', cluster: { server: this.address, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'tester', user: { token: 'open-sesame' } }],
      contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'tester' } }],
      'current-context': 'stand-in',
    };
    writeFileSync(file, JSON.stringify(content));
    return file;
  }

  put(path: string, object: StandInObject): void {
    const metadata = {
      uid: `uid-${++this.#uid}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...object.metadata,
      resourceVersion: String(++this.#version),
    };
    this.objects.set(path, { ...object, metadata });
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in');
    const text = Buffer.concat(chunks).toString('utf8');
    const recorded: Recorded = {
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      contentType: request.headers['content-type'] ?? '',
      accept: request.headers.accept ?? '',
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.requests.push(recorded);
    const authorised = request.headers.authorization === 'Bearer open-sesame';
    const { status, body, headers } = authorised
      ? (this.intercept(recorded) ?? this.#answer(recorded))
      : { status: 401, body: { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized' }, headers: {} };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #answer({ method, path, query, contentType, body }: Recorded): Answer {
    const kinds = this.kinds.get(path.replace(/^\/apis?\//, ''));
    if (kinds !== undefined) return { status: 200, body: { resources: kinds } };
    const object = this.objects.get(path);
    if (method === 'POST' && this.#isCollection(path)) {
      const created = `${path}/${body.metadata.name}`;
      if (this.objects.has(created)) return { status: 409, body: { kind: 'Status', message: 'it exists', reason: 'AlreadyExists' } };
      this.put(created, body);
      return { status: 201, body: this.objects.get(created) };
    }
    if (method === 'PATCH') {
      if (contentType.startsWith('application/apply-patch')) this.#apply(path, object, body, query);
      else if (object === undefined) return { status: 404, body: { kind: 'Status', message: `${path} not found`, reason: 'NotFound' } };
      else {
        const { resourceVersion } = body.metadata ?? {};
        const stale = resourceVersion !== undefined && resourceVersion !== object.metadata['resourceVersion'];
        if (stale) return { status: 409, body: { kind: 'Status', message: 'the object has been modified', reason: 'Conflict' } };
        const patched = Array.isArray(body) ? jsonPatched(object, body) : (mergePatch(object, body) as StandInObject);
        if (patched === undefined) return { status: 422, body: { kind: 'Status', message: 'test failed', reason: 'Invalid' } };
        this.put(path, patched);
      }
      return { status: 200, body: this.objects.get(path) };
    }
    if (method === 'GET' && this.#isCollection(path)) return { status: 200, body: this.#page(path, query) };
    if (object === undefined) return { status: 404, body: { kind: 'Status', message: `${path} not found`, reason: 'NotFound', code: 404 } };
    if (method === 'DELETE') {
      if ((object.metadata.finalizers ?? []).length === 0) {
        this.objects.delete(path);
        const inside = /^\/api\/v1(\/namespaces\/[^/]+)$/.exec(path)?.[1];
        for (const other of this.objects.keys()) if (inside !== undefined && other.includes(`${inside}/`)) this.objects.delete(other);
        return { status: 200, body: { kind: 'Status', status: 'Success' } };
      }
      object.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    }
    return { status: 200, body: object };
  }

  /** Adds the manager to the object's managed fields. */
  #apply(path: string, object: StandInObject | undefined, body: StandInObject, query: URLSearchParams): void {
    const entry = { manager: query.get('fieldManager') ?? '', operation: 'Apply' };
    const others = ((object?.metadata['managedFields'] ?? []) as (typeof entry)[]).filter(({ manager }) => manager !== entry.manager);
    this.put(path, { ...object, ...body, metadata: { ...object?.metadata, ...body.metadata, managedFields: [...others, entry] } });
  }

  #isCollection(path: string): boolean {
    return [...this.kinds.values()].flat().some(({ name }) => path.endsWith(`/${name}`));
  }

  #page(path: string, query: URLSearchParams): unknown {
    const selectors = (query.get('labelSelector')?.split(',') ?? []).map((one) => one.split('='));
    const all = [...this.objects]
      // From all namespaces, if none is given.
      .filter(([key]) => key.startsWith(`${path}/`) || key.replace(/\/namespaces\/[^/]+(?=\/[^/]+\/[^/]+$)/, '').startsWith(`${path}/`))
      .filter(([, { metadata }]) =>
        selectors.every(([label = '', value]) => isSelected(metadata['labels'] as Record<string, string> | undefined, label, value)),
      )
      .map(([, object]) => ({ ...object, apiVersion: undefined, kind: undefined }));
    const start = Number(query.get('continue') ?? 0);
    const end = start + Number(query.get('limit') ?? all.length);
    return { items: all.slice(start, end), metadata: end < all.length ? { continue: String(end) } : {} };
  }
}

const isSelected = (labels: Record<string, string> = {}, label: string, value: string | undefined): boolean =>
  value === undefined ? label in labels : labels[label] === value;
