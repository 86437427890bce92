import { check, expect, unsupported } from '#fixtures';

/** A path as it is sent, the version that must receive it, and the path that must arrive there. */
const REWRITTEN = [
  ['/shop/cart?page=/shop/', 'v1', '/cart?page=/shop/'],
  ['/shop/', 'v1', '/'],
  ['/bare/cart', 'v2', '//cart'],
  ['/bare/', 'v2', '//'],
  ['/barefoot', 'v2', '/foot'],
  ['/bare?page=2', 'v2', '/?page=2'],
  ['/shop', 'v3', '/shop'],
  ['/x/shop/cart', 'v3', '/x/shop/cart'],
] as const;

// istio/istio#26828, istio/istio#33667
check(
  'A rewrite replaces exactly the matched prefix: /bare rewritten to / turns /bare/cart into //cart',
  {
    assumes: ['paths-as-sent'],
    control: { because: 'the rewrite also removes the slash after the prefix', mustFail: { toArriveWith: { 'wrong path': 2 } } },
    docDeviations: [
      {
        documented: 'rewrite: uri: / strips the matched prefix',
        observed: 'a prefix without a trailing slash leaves two slashes: /bare/cart arrives as //cart',
      },
    ],
    linkerd: unsupported("Linkerd's routes cannot rewrite paths", 'https://linkerd.io/2/reference/httproute/'),
  },
  async ({ caller, server }) => {
    for (const [path, version, arrives] of REWRITTEN) {
      const history = await caller.send(server, { count: 30, path });
      expect(history).toReachOnly(version);
      expect(await server.received(history)).toContainEachOnce(history);
      expect(await server.received(history)).toArriveWith({ path: arrives });
    }
  },
);
