import { check, expect, unsupported } from '#fixtures';

check(
  'Ejections count until less than the minimum is healthy, and then every endpoint is used again',
  {
    control: { because: 'the minimum is 0 %', breaks: 'toLeaveOut' },
    linkerd: unsupported('no minimum of healthy endpoints', 'https://linkerd.io/2/features/circuit-breaking/'),
    guide: [
      {
        says: 'minHealthPercent: 50 stops ejection below half of the endpoints',
        reality:
          'the second of three endpoints is ejected all the same; then ejections are ignored and all three are given requests, the failing ones too',
      },
    ],
  },
  async ({ caller, server }) => {
    for (const [failing, leftOut] of [
      [['v2'], ['v2']],
      [['v2', 'v3'], []],
    ] as const) {
      for (const version of failing) await server.version(version).faults({ status: 500 });
      await caller.send(server, { rate: 40, durationMs: 2_500 });
      const history = await caller.send(server, { count: 90 });
      expect(await server.received(history)).toLeaveOut(
        leftOut.map((version) => server.version(version)),
        { of: server.endpoints, history },
      );
    }
  },
);
