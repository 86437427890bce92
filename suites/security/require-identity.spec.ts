import { check, expect, unsupported } from '#fixtures';

check(
  'A request that requires an identity reaches a server of that identity and no other',
  {
    control: {
      because: 'the server has no proxy',
      mustFail: { toSucceed: 'answered 502 L5D' },
      swap: { server: 'unmeshedServer' },
    },
    istio: unsupported(
      'in Istio, callers name the identities of servers in a DestinationRule',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/',
    ),
  },
  async ({ caller, server, mirror, unmeshedServer, identity }) => {
    const headers = { 'l5d-require-id': identity('server') };
    expect(await caller.send(server, { count: 50, headers })).toSucceed();
    for (const other of [mirror, unmeshedServer]) {
      const astray = await caller.send(other, { count: 50, headers });
      expect(astray).toBeRejectedWith({ status: 502, flag: 'L5D' });
      expect(await other.received(astray)).toBeEmpty();
    }
  },
);
