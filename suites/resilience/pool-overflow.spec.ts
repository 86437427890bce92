import { check, expect, unsupported } from '#fixtures';

check(
  'A pool of one connection and one pending request rejects exactly the surplus with 503',
  {
    assumes: ['default-retries'],
    control: { because: 'the limits are 100', mustFail: { toOverflow: { 'answered 200': 1 } } },
    linkerd: unsupported('no limits on connections or waiting requests', 'https://linkerd.io/2/features/circuit-breaking/'),
    docDeviations: [
      {
        documented: 'maxConnections: 1 and http1MaxPendingRequests: 1',
        observed:
          'each worker thread of the proxy may open one connection regardless of the limit, so a proxy with two workers accepts two or three requests',
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, v1 }) => {
    await v1.version('v1').faults({ delayMs: 1_500 });
    // Each worker of the proxy may have a connection of its own, and one connection of the caller stays with one worker. While the first
    // request waits for its connection, others overflow; then one waits until the first is answered.
    const streams = await caller.send(v1, { protocol: 'h2c', rate: 60, count: 30, path: '/held' });
    expect(streams).toOverflow({ exactly: 28 });
    expect(await v1.received(streams)).toHaveDeliveries(2);

    // New connections reach every worker. Each holds one request, if it opens its connection before one waits for another worker's.
    const { connectionsPerUpstream: workers } = await caller.proxy.capabilities();
    const spread = await caller.send(v1, { rate: 60, count: 60, path: '/held', connections: 'new' });
    const accepted = await v1.received(spread);
    expect(accepted).toHaveDeliveries({ atLeast: 2, atMost: workers + 1 });
    expect(spread).toOverflow({ exactly: 60 - accepted.length });
  },
);
