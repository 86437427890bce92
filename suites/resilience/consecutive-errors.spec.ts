import { check, expect, unsupported } from '#fixtures';

check(
  'The retired field consecutiveErrors is ignored: five failures in a row eject, four do not',
  {
    assumes: ['default-retries'],
    control: { because: 'consecutive5xxErrors is 1', mustFail: { toHaveEjected: { '1 ejected': 1 } } },
    linkerd: unsupported('consecutiveErrors is a field of Istio', 'https://linkerd.io/2/features/circuit-breaking/'),
    docDeviations: [
      {
        documented: 'outlierDetection: consecutiveErrors: 1 ejects at the first error',
        observed: "the field is accepted with a deprecation warning and ignored; Envoy's default of five consecutive 5xx applies",
      },
    ],
    faults: ['endpoint'],
  },
  async ({ caller, server }, policy) => {
    const bad = server.version('v2');
    // One after the other: of requests that are answered at the same time, a success may be counted before the failure that preceded it.
    const forTwoSeconds = ({ outcomes }: { outcomes: readonly { answeredMs: number }[] }) => (outcomes.at(-1)?.answeredMs ?? 0) > 2_000;
    for (const [failures, leftOut] of [
      [4, []],
      [5, [bad]],
    ] as const) {
      await bad.faults({ status: 500, times: failures });
      await caller.sendUntil(forTwoSeconds, server, { count: 60 });
      const history = await caller.send(server, { count: 90 });
      expect(history).toSucceed();
      expect(await server.received(history)).toHaveEjected(leftOut, { of: server.endpoints, history });
    }
    expect(policy.warnings()).toReport([/consecutive errors is deprecated/]);
  },
);
