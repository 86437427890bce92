import { check, expect, unsupported } from '#fixtures';

check(
  'Ejections stop at the maximum: one endpoint of three at 50 %, none at the default of 10 %',
  {
    assumes: ['default-retries'],
    control: { because: 'the maximum is 100 %', mustFail: { toHaveEjected: '3 ejected' } },
    docDeviations: [
      {
        documented: 'outlierDetection without maxEjectionPercent ejects a failing endpoint',
        observed: 'the default, 10 % of three endpoints, rounds down to none: no failing endpoint is ejected',
      },
    ],
    linkerd: unsupported('Linkerd does not limit how many endpoints are ejected', 'https://linkerd.io/2/features/circuit-breaking/'),
    faults: ['endpoint'],
  },
  async ({ caller, server }) => {
    for (const endpoint of server.endpoints) await endpoint.faults({ status: 500 });
    const paths = { '/half': 1, '/default': 0 };
    await Promise.all(Object.keys(paths).map((path) => caller.send(server, { rate: 40, durationMs: 2_500, path })));
    for (const [path, ejected] of Object.entries(paths)) {
      const history = await caller.send(server, { count: 90, path });
      expect(await server.received(history)).toHaveEjected(ejected, { of: server.endpoints, history });
    }
  },
);
