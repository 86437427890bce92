// oxlint-disable no-empty-pattern -- the runner insists on a pattern
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import { test as base } from '@playwright/test';

import { KubernetesApi } from '../../clusters/kubernetes/api.ts';
import { Authority } from '../../fixtures/external/authority.ts';
import { portOf } from './port-forward.ts';

type Headers = Record<string, string | string[]>;

/**
 * A server that answers requests for its version like an API server, over HTTP or HTTPS, and records the headers and path of each request.
 */
interface Listener {
  port: number;
  seen: { path: string; headers: Headers }[];
}

interface Kept {
  /** One with a certificate that the CA issued for `NAME`. */
  secure: Listener;
  plain: Listener;
  authority: Authority;
  /** Writes a kubeconfig with the context `ci` and opens it. */
  open: (cluster: object, user?: object) => Promise<KubernetesApi>;
}

/** The name in the certificate of `secure`. */
export const NAME = 'kubernetes.default.svc';

function answer({ seen }: Listener): http.RequestListener {
  return (request, response) => {
    const headers: Headers = {};
    // Node.js joins most repeated headers, but the test needs them as sent.
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = [request.rawHeaders[at]?.toLowerCase(), request.rawHeaders[at + 1]];
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
    seen.push({ path: request.url ?? '', headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ gitVersion: 'v1.35.4' }));
  };
}

async function listen(server: http.Server, listener: Listener): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listener.port = portOf(server);
}

/** Tests with such servers, and a kubeconfig for them. */
export const test = base.extend<Kept>({
  authority: async ({}, use) => {
    const authority = new Authority();
    await authority.secrets({ API: NAME });
    await use(authority);
  },
  secure: async ({ authority }, use) => {
    const listener: Listener = { port: 0, seen: [] };
    const { certificate: cert, key } = authority.issued('API');
    const server = https.createServer({ cert, key }, answer(listener));
    server.on('tlsClientError', () => undefined);
    await listen(server, listener);
    await use(listener);
    server.closeAllConnections();
    server.close();
  },
  plain: async ({}, use) => {
    const listener: Listener = { port: 0, seen: [] };
    const server = http.createServer(answer(listener));
    await listen(server, listener);
    await use(listener);
    server.closeAllConnections();
    server.close();
  },
  open: async ({}, use, info) => {
    const opened: KubernetesApi[] = [];
    await use(async (cluster, user) => {
      const file = info.outputPath('kube', 'config');
      mkdirSync(info.outputPath('kube'), { recursive: true });
      const content = {
        clusters: [{ name: 'c', cluster }],
        users: user === undefined ? null : [{ name: 'u', user }],
        contexts: [{ name: 'ci', context: { cluster: 'c', ...(user === undefined ? {} : { user: 'u' }) } }],
      };
      writeFileSync(file, JSON.stringify(content));
      const api = await KubernetesApi.open({ kubeconfig: file, context: 'ci' });
      opened.push(api);
      return api;
    });
    for (const api of opened) api.close();
  },
});
export { expect } from '@playwright/test';
