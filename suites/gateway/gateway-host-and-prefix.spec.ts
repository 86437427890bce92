import { check, expect, unsupported } from '#fixtures';

check(
  'The ingress gateway routes one host by path prefix and answers 404 for every other host',
  {
    base: 'ingress-gateway',
    control: { because: 'the routes match another host', mustFail: { toReachOnly: 'answered 404 NR' } },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
  },
  async ({ unmeshedCaller, ingress, server }) => {
    await ingress.openFor(unmeshedCaller);
    const ask = (host: string, path: string) => unmeshedCaller.send(ingress, { count: 50, path, headers: { host } });
    for (const [path, version] of [
      ['/v1/orders?id=7', 'v1'],
      ['/v2/orders', 'v2'],
      ['/', 'v3'],
      ['/v1', 'v3'],
      ['/v10/orders', 'v3'],
      ['/x/v1/', 'v3'],
    ] as const) {
      const asked = await ask('api.example.com', path);
      expect(asked).toReachOnly(version);
      expect(await server.received(asked)).toArriveWith({ path });
    }
    for (const host of ['api.example.org', 'example.com', 'www.api.example.com']) {
      const stray = await ask(host, '/v1/orders');
      expect(stray).toBeRejectedWith({ status: 404, flag: 'NR' });
      expect(await server.received(stray)).toBeEmpty();
    }
  },
);
