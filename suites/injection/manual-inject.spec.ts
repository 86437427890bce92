import { check, expect } from '#fixtures';

check(
  'A manually injected workload joins the mesh from a namespace that has not opted in',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the manifest is applied without injection', mustFail: { toHaveIdentity: { 'no identity': 1 } } },
  },
  async ({ workload, unmeshedServer, identity, unmeshedCaller, server }) => {
    const byHand = await workload('by-hand', unmeshedServer.namespace);
    for (const [pod, peer] of [
      [byHand, identity('default', unmeshedServer.namespace)],
      [unmeshedCaller, ''],
    ] as const) {
      const sent = await pod.send(server, { count: 20 });
      expect(sent).toSucceed();
      expect(await server.received(sent)).toHaveIdentity(peer);
    }
  },
);
