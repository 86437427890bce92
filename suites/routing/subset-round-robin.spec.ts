import { check, expect, unsupported } from '#fixtures';

check(
  'A ROUND_ROBIN subset uses its pods in turn even if its host hashes users to pods',
  {
    control: {
      because: 'the subset has no policy of its own',
      mustFail: { toRoundRobin: 'out of turn', toRoundRobinPerWorker: 'too few pods' },
    },
    linkerd: unsupported('Linkerd always balances by latency', 'https://linkerd.io/2/features/load-balancing/'),
  },
  async ({ caller, server }) => {
    const headers = { 'x-user-id': 'user-7' };
    // One connection belongs to one worker of the proxy, and each worker has its own round robin.
    expect(await caller.send(server, { count: 300, headers })).toRoundRobin(3);
    const { connectionsPerUpstream: workers } = await caller.proxy.capabilities();
    expect(await caller.send(server, { count: 1_500, concurrency: 16, headers })).toRoundRobinPerWorker({ pods: 3, workers });
  },
);
