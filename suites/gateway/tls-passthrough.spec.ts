import { check, expect, unsupported } from '#fixtures';

// istio/istio#24424, istio/istio#34612
check(
  'A gateway passes TLS through by SNI: each host presents the certificate of its own backend',
  {
    base: 'ingress-gateway',
    control: {
      because: 'the gateway terminates TLS itself',
      mustFail: { toPresent: 'wrong certificate', toReachOnly: ['answered 404 NR', 'TLS alert'], toContainEachOnce: 'never delivered' },
    },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
    variables: async ({ authority }) => await authority.secrets({ GATEWAY: 'api.example.com' }),
  },
  async ({ ingress, authority, v1, v2 }) => {
    const client = await ingress.https(authority.root);
    for (const [host, server, version] of [
      ['api.example.com', v1, 'v1'],
      ['shop.example.com', v2, 'v2'],
    ] as const) {
      const own = await authority.issue(host);
      await server.version(version).serveHttps(own);
      const visit = await client.send({ host, path: '/cart', count: 25 });
      expect(visit.handshakes).toPresent(own);
      expect(visit.history).toReachOnly(version);
      expect(await server.received(visit.history)).toContainEachOnce(visit.history);
    }
    const strange = await client.send({ host: 'none.example.com', count: 3 });
    expect(strange.history).toBeDenied({ by: 'transport' });
    expect(strange.handshakes).toPresentNone();
  },
);
