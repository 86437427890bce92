import { check, expect, target } from '#fixtures';

// istio/istio#24886, istio/istio#37331
check(
  'Requests to an ExternalName alias get the routes and mTLS of the Service behind it',
  {
    // In the control, proxies send as to any other address: not listed, and in plaintext.
    assumes: ['unlisted-hosts', 'plaintext'],
    control: {
      because: 'the mesh does not know the alias',
      mustFail: { toArriveWith: { 'wrong path': 1 }, toHaveIdentity: { 'no identity': 1 } },
    },
  },
  async ({ caller, server, identity, namespace }) => {
    for (const alias of ['alias', `alias.${namespace}`, `alias.${namespace}.svc.cluster.local`]) {
      const aliased = await caller.send(target(alias, 8080), { count: 50, path: '/old/cart' });
      expect(aliased).toSucceed();
      const delivered = await server.received(aliased);
      expect(delivered).toContainEachOnce(aliased);
      expect(delivered).toArriveWith({ path: '/new/cart' });
      expect(delivered).toHaveIdentity(identity('frontend'));
      expect(aliased).toReachOnly('v2');
    }
  },
);
