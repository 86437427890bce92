import { check, expect, unsupported } from '#fixtures';

check(
  'Gateway errors eject on 502, 503 and 504 only; 5xx errors eject on every server error',
  {
    assumes: ['default-retries'],
    control: { because: 'the two counts are swapped', mustFail: { toHaveEjected: { '3 ejected': 1, 'none ejected': 1 } } },
    linkerd: unsupported("Linkerd's failure accrual counts every 5xx response", 'https://linkerd.io/2/features/circuit-breaking/'),
    faults: ['endpoint'],
  },
  async ({ caller, server }) => {
    const { endpoints } = server;
    const leftOut = async (expected: Record<string, number>) => {
      await Promise.all(Object.keys(expected).map((path) => caller.send(server, { rate: 40, durationMs: 2_500, path })));
      for (const [path, ejected] of Object.entries(expected)) {
        const history = await caller.send(server, { count: 90, path });
        expect(await server.received(history)).toHaveEjected(ejected, { of: endpoints, history });
      }
    };
    const fault = (...statuses: number[]) => Promise.all(statuses.map(async (status, i) => await endpoints[i]?.faults({ status })));
    await fault(500, 501, 505);
    await leftOut({ '/gateway': 0, '/all': 3 });
    await fault(502, 503, 504);
    await leftOut({ '/gateway': 3, '/other-all': 3 });
  },
);
