import { check, expect } from '#fixtures';

check(
  'A pod that opts out gets no proxy in a namespace with injection',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the pod does not opt out', mustFail: { toHaveNoProxy: 'with a proxy', toHaveIdentity: { 'an identity': 1 } } },
  },
  async ({ workload, caller, identity, server }) => {
    const aloof = await workload('aloof');
    expect(await aloof.shape()).toHaveNoProxy();
    for (const [pod, peer] of [
      [aloof, ''],
      [caller, identity('frontend')],
    ] as const) {
      const sent = await pod.send(server, { count: 20 });
      expect(sent).toSucceed();
      expect(await server.received(sent)).toHaveIdentity(peer);
    }
  },
);
