import { check, expect } from '#fixtures';

check(
  'A forged identity header never reaches the server, from inside or outside the mesh',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: {
      because: 'the server has no proxy',
      mustFail: { toHaveIdentity: ['an identity', 'no identity', 'wrong identity'], toHaveNoHeaderContaining: { 'in a header': 1 } },
      swap: { server: 'unmeshedServer' },
    },
  },
  async ({ unmeshedCaller, caller, server, identity, identityHeaders }) => {
    const headers = identityHeaders('admin');
    for (const [from, truth] of [
      [unmeshedCaller, ''],
      [caller, identity('frontend')],
    ] as const) {
      const forged = await from.send(server, { count: 50, headers, connections: 'new' });
      expect(forged).toSucceed();
      expect(await server.received(forged)).toHaveIdentity(truth);
      expect(await server.received(forged)).toHaveNoHeaderContaining(identity('admin'));
    }
  },
);
