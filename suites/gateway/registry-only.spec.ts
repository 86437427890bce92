import { check, expect, unsupported } from '#fixtures';

check(
  "REGISTRY_ONLY blocks an unlisted host at the caller's proxy, which logs the refusal",
  {
    assumes: ['log-fields'],
    control: {
      because: 'the policy is ALLOW_ANY',
      mustFail: { toBeRejectedWith: 'answered 200', toLogEachAs: 'wrong status', toBeDenied: 'answered 200', toBeEmpty: 'delivered' },
    },
    linkerd: unsupported(
      'Linkerd controls egress with an EgressNetwork instead; see egress-network',
      'https://linkerd.io/2/features/egress/',
    ),
  },
  async ({ caller, unmeshedCaller, unmeshedServer, server }) => {
    const unlisted = await caller.send(unmeshedServer, { count: 50 });
    expect(unlisted).toBeRejectedWith({ status: 502 });
    expect(await unmeshedServer.received(unlisted)).toBeEmpty();
    expect(await caller.proxy.accessLog(unlisted)).toLogEachAs(unlisted, { status: 502, route: 'block_all', upstream: '' });

    const raw = await caller.send(unmeshedServer, { count: 20, protocol: 'tcp', port: 9000, connections: 'new' });
    expect(raw).toBeDenied({ by: 'transport' });
    expect(await unmeshedServer.received(raw)).toBeEmpty();

    expect(await caller.send(server, { count: 50 })).toSucceed();
    expect(await unmeshedCaller.send(unmeshedServer, { count: 50 })).toSucceed();
  },
);
