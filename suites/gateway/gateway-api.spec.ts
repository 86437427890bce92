import { check, expect, unsupported } from '#fixtures';

check(
  'A Gateway API Gateway serves one host as its HTTPRoute says, and answers 404 for all others',
  {
    assumes: ['paths-as-sent'],
    base: 'ingress-gateway',
    control: { because: 'the route is for another host', mustFail: { toReachOnly: 'answered 404 NR' } },
    needs: {
      kind: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
      because: 'the gateway and its route are Gateway API objects',
      link: 'https://gateway-api.sigs.k8s.io/',
    },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
  },
  async ({ unmeshedCaller, ingress, server }) => {
    await ingress.openFor(unmeshedCaller);
    const ask = (host: string, path: string, headers: Record<string, string> = {}) =>
      unmeshedCaller.send(ingress, { count: 50, path, headers: { host, ...headers } });
    for (const [path, version, headers] of [
      ['/v1/orders?id=7', 'v1', {}],
      ['/v1', 'v1', {}],
      ['/v1/orders', 'v2', { 'x-canary': 'true' }],
      ['/exact', 'v3', {}],
    ] as const) {
      const asked = await ask('api.example.com', path, headers);
      expect(asked).toReachOnly(version);
      expect(await server.received(asked)).toArriveWith({ path });
    }
    for (const [host, path] of [
      ['api.example.com', '/'],
      ['api.example.com', '/v10/orders'],
      ['api.example.com', '/exact/more'],
      ['api.example.org', '/v1/orders'],
    ] as const) {
      const stray = await ask(host, path);
      expect(stray).toBeRejectedWith({ status: 404, flag: 'NR' });
      expect(await server.received(stray)).toBeEmpty();
    }
  },
);
