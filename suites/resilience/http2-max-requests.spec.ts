import { check, expect, unsupported } from '#fixtures';

check(
  'Exactly the HTTP/2 requests above the concurrency limit overflow',
  {
    assumes: ['default-retries'],
    control: { because: 'the limit is 100', mustFail: { toOverflow: 'answered 200' } },
    linkerd: unsupported('Linkerd does not limit concurrent requests to a Service', 'https://linkerd.io/2/features/circuit-breaking/'),
    faults: ['endpoint'],
  },
  async ({ caller, v3 }) => {
    const held = v3.version('v3');
    await held.faults({ act: 'barrier' });
    const [streams] = await Promise.all([
      caller.send(v3, { protocol: 'h2c', count: 50, concurrency: 50, path: '/held' }),
      held.openBarrierAt(20),
    ]);
    expect(streams).toOverflow({ exactly: 30 });
    const delivered = await v3.received(streams);
    expect(delivered).toHaveDeliveries(20);
    // All of them use one connection, so HTTP/2 was used between the proxies too.
    expect(delivered).toHaveRequestsPerConnection(streams, { each: 20, header: 'x-peer-port' });
  },
);
