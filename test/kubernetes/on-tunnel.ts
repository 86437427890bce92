import { once } from 'node:events';
import http from 'node:http';

import type { PodTunnel } from '../../clusters/kubernetes/tunnel.ts';
import { test as base } from './on-stand-in.ts';
import { portOf } from './port-forward.ts';

/** An HTTP server in the place of one in a pod. */
export interface PodServer {
  port: number;
  requests: { method: string; path: string }[];
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
}

/** Tests with a tunnel to the pod shop/a, through a stand-in API server, to an HTTP server. */
export const test = base.extend<{ podServer: PodServer; tunnel: PodTunnel }>({
  // oxlint-disable-next-line no-empty-pattern -- the runner insists on a pattern
  podServer: async ({}, use) => {
    const listener = http.createServer((request, response) => {
      state.requests.push({ method: request.method ?? '', path: request.url ?? '' });
      state.answer(request, response);
    });
    const state: PodServer = { port: 0, requests: [], answer: (_request, response) => void response.end('{"ok":true}') };
    listener.keepAliveTimeout = 60_000;
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    state.port = portOf(listener);
    await use(state);
    listener.closeAllConnections();
    listener.close();
    await once(listener, 'close');
  },
  tunnel: async ({ server, podServer, api }, use) => {
    server.put('/api/v1/namespaces/shop/pods/a', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });
    server.forwardTo = podServer.port;
    const tunnel = api.tunnel({ namespace: 'shop', name: 'a' }, 15_999);
    await use(tunnel);
    tunnel.destroy();
  },
});
export { expect } from './on-stand-in.ts';
