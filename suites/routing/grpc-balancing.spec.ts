import { check, expect, target } from '#fixtures';

// istio/istio#7117, istio/istio#27621
check(
  'A port named grpc balances gRPC by call, and a port named tcp by connection',
  {
    control: { because: 'the two port names are swapped', mustFail: { toRoundRobin: 'out of turn', toHaveAffinity: 'several pods' } },
  },
  async ({ caller, namespace }) => {
    const byCall = target(`by-call.${namespace}`, 7070);
    const byConnection = target(`by-connection.${namespace}`, 7071);
    const calls = { protocol: 'grpc', count: 60 } as const;
    const spread = await caller.send(byCall, calls);
    expect(spread).toSucceed();
    expect(spread).toRoundRobin(2);

    const connections = await caller.sendEach(byConnection, [calls, calls, calls]);
    for (const together of connections) expect(together).toSucceed();
    expect(connections).toHaveAffinity();
    const { connectionsPerUpstream: workers } = await caller.proxy.capabilities();
    const apart = await caller.send(byConnection, { ...calls, count: 20 * workers, connections: 'new' });
    expect(apart).toSucceed();
    expect(apart).toRoundRobinPerWorker({ pods: 2, workers });
  },
);
