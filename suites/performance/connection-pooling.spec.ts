import { check, expect, unsupported } from '#fixtures';

check(
  'Under load, proxies share HTTP/2 connections and stay within the pool limit',
  {
    control: { because: 'there is no pool', mustFail: { toShareConnections: 'too many connections', toHaveHeader: 'another value' } },
    linkerd: unsupported('no limits on connections; one HTTP/2 connection a pod always', 'https://linkerd.io/2/features/http-grpc/'),
    docDeviations: [
      {
        documented: 'maxConnections bounds the connections',
        observed:
          'each worker thread of the proxy may have one connection whatever the limit, so the bound is never below the number of workers',
      },
      {
        documented: 'connection pooling with maxRequestsPerConnection: 2',
        observed: 'a connection that is closed after two requests is no pool, so the check leaves this field out',
      },
    ],
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
      expect(delivered).toShareConnections(history, pool);
      expect(delivered).toHaveHeader('x-peer-protocol', 'HTTP/2');
    }
  },
);
