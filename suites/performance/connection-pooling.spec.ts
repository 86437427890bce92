import { check, expect, unsupported } from '#fixtures';

check(
  'Under load, proxies share HTTP/2 connections and stay within the pool limit',
  {
    control: {
      because: 'there is no connection pool',
      mustFail: { toUseConnections: 'too many connections', toHaveHeader: 'wrong value' },
    },
    linkerd: unsupported(
      'Linkerd has no connection limits; it always uses one HTTP/2 connection per pod',
      'https://linkerd.io/2/features/http-grpc/',
    ),
    docDeviations: [
      {
        documented: 'maxConnections limits the connections',
        observed:
          'each worker thread of the proxy may open one connection regardless of the limit, so there can be as many connections as workers',
      },
      {
        documented: 'connection pooling with maxRequestsPerConnection: 2',
        observed: 'connections that close after two requests are not pooled, so the check omits this field',
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, v1 }) => {
    const { connectionsPerUpstream: workers } = await caller.proxy.capabilities();
    const pool = { atMost: workers, header: 'x-peer-port' };
    const held = v1.version('v1');

    await held.faults({ act: 'barrier' });
    const [atOnce] = await Promise.all([caller.send(v1, { count: 48, concurrency: 48 }), held.openBarrierAt(48)]);
    const load = await caller.send(v1, { count: 1_000, concurrency: 32 });

    for (const history of [atOnce, load]) {
      expect(history).toSucceed();
      const delivered = await v1.received(history);
      expect(delivered).toUseConnections(history, pool);
      expect(delivered).toHaveHeader('x-peer-protocol', 'HTTP/2');
    }
  },
);
