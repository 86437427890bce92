import type { Manifest } from '../../clusters/kubernetes/manifest.ts';
import { expect, test } from './on-stand-in.ts';

const account: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'account', namespace: 'shop' } };
const failed = (how: string) =>
  `Internal error occurred: failed calling webhook "v": failed to call webhook: Post "https://h.mesh.svc:443/": ${how}`;

for (const [how, requests] of [
  ['write tcp 10.0.0.4:44190->10.0.0.43:443: write: connection reset by peer', 2],
  ['EOF', 2],
  ['dial tcp 10.0.0.43:443: connect: connection refused', 1],
] as const) {
  test(`Applies again only if the API server's kept connection to a webhook had ended: ${how.split(': ').at(-1)}`, async ({
    api,
    server,
  }) => {
    server.kinds.set('v1', [{ name: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }]);
    let failures = 1;
    server.intercept = ({ method }) =>
      method === 'PATCH' && failures-- > 0
        ? { status: 500, body: { kind: 'Status', reason: 'InternalError', message: failed(how) } }
        : undefined;
    const applied = api.apply([account]);
    if (requests === 1) await expect(applied).rejects.toMatchObject({ code: 'API_REFUSED', status: 500 });
    else await expect(applied).resolves.toHaveLength(1);
    expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(requests);
  });
}
