import { check, expect } from '#fixtures';

check(
  'A workload proves its service account with a trusted certificate valid for one day',
  {
    assumes: ['mutual-tls', 'daily-certificates'],
    control: {
      because: 'the workload has another service account',
      mustFail: { toIdentify: { 'wrong identity': 3 }, toHaveIdentity: 'wrong identity' },
      swap: { caller: 'secondCaller' },
    },
  },
  async ({ caller, server, identity }) => {
    const certificate = await caller.proxy.certificate();
    for (const { proxy } of server.endpoints) {
      const peer = await proxy.certificate();
      expect(certificate).toIdentify({ as: identity('frontend'), to: peer, lifetimeHours: 24 });
      expect(peer).toIdentify({ as: identity('server'), to: certificate, lifetimeHours: 24 });
    }
    const history = await caller.send(server, { count: 50 });
    expect(history).toSucceed();
    expect(await server.received(history)).toHaveIdentity(identity('frontend'));
  },
);
