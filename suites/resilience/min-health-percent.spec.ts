import { check, expect, unsupported, untilEjected } from '#fixtures';

check(
  'When too few endpoints are healthy, ejections are ignored and every endpoint is used again',
  {
    assumes: ['default-retries'],
    control: { because: 'the minimum is 0 %', mustFail: { toHaveEjected: { '2 ejected': 1 } } },
    linkerd: unsupported('Linkerd has no minimum of healthy endpoints', 'https://linkerd.io/2/features/circuit-breaking/'),
    docDeviations: [
      {
        documented: 'minHealthPercent: 50 stops ejection below half of the endpoints',
        observed:
          'the second of three endpoints is still ejected; then ejections are ignored, and all three receive requests, including the failing ones',
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, server }) => {
    const { endpoints } = server;
    const [second, third] = [server.version('v2'), server.version('v3')];

    await second.faults({ status: 500 });
    await caller.keepSending(server, { rate: 80 }, () => untilEjected(server, second));
    const without = await caller.send(server, { count: 90 });
    expect(await server.received(without)).toHaveEjected([second], { of: endpoints, history: without });

    await third.faults({ status: 500 });
    await caller.send(server, { rate: 80, durationMs: 2_200 });
    const all = await caller.send(server, { count: 90 });
    expect(await server.received(all)).toHaveEjected([], { of: endpoints, history: all });
  },
);
