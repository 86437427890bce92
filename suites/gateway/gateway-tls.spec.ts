import { check, expect, unsupported } from '#fixtures';

check(
  'The ingress gateway serves each host its own certificate and rotates it without a failed request',
  {
    base: 'ingress-gateway',
    control: {
      because: "the host uses another host's certificate",
      mustFail: { toPresent: { 'wrong certificate': 1 }, toSucceed: { 'TLS alert': 1 }, toContainEachOnce: { 'never delivered': 1 } },
    },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
    variables: async ({ authority }) =>
      await authority.secrets({ API: 'api.example.com', SHOP: 'shop.example.com', NEXT: 'api.example.com' }),
  },
  async ({ ingress, authority, v1 }, policy) => {
    const [first, shop, next] = [authority.issued('API'), authority.issued('SHOP'), authority.issued('NEXT')];
    const client = await ingress.https(authority.root);

    const api = await client.send({ host: 'api.example.com', count: 25 });
    expect(api.handshakes).toPresent(first);
    expect(api.history).toSucceed();
    expect(await v1.received(api.history)).toContainEachOnce(api.history);
    expect((await client.send({ host: 'shop.example.com', count: 25 })).handshakes).toPresent(shop);
    const strange = await client.send({ host: 'none.example.com', count: 3 });
    expect(strange.history).toBeDenied({ by: 'transport' });
    expect(strange.handshakes).toPresentNone();

    const order = { host: 'api.example.com', count: 25 };
    const replace = async () => {
      await policy.change();
      await client.untilShown(next);
    };
    const replacing = client.sendDuring(replace, order);
    const [fresh, kept] = await Promise.all([replacing, client.sendDuring(() => replacing, { ...order, connections: 'kept' })]);
    expect(fresh.history).toSucceed();
    expect(fresh.handshakes).toPresent(first, next);
    expect(kept.history).toSucceed();
    expect((await client.send({ host: 'api.example.com', count: 25 })).handshakes).toPresent(next);
  },
);
