import { check, expect, sentBeforeAnswer, target, unsupported, untilDelivered, versionOf } from '#fixtures';

check(
  'Three failures in a row eject an endpoint; probes at doubling intervals readmit it once healthy',
  {
    control: { because: 'the Service has no annotation', mustFail: { toHaveDeliveries: { 'too many deliveries': 1 } } },
    istio: unsupported(
      'Istio readmits an endpoint when its ejection time is over, without a probe; see circuit-breaker-ejects',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, server, namespace }) => {
    const guarded = target(`guarded.${namespace}`, 8080);
    const bad = server.version('v2');
    await bad.faults({ status: 500 });
    // Three failures, then probes after pauses of 1 s and 2 s; the next one is due 4 s after the second.
    const broken = await caller.send(guarded, { rate: 60, durationMs: 4_500 });
    const given = (await server.received(broken)).filter(({ pod }) => pod === bad.pod);
    // Requests that were sent before the third failure was known arrive as well.
    const early = sentBeforeAnswer(
      broken.outcomes.filter((outcome) => versionOf(outcome) === 'v2'),
      3,
    );
    expect(given).toHaveDeliveries({ atLeast: 4, atMost: Math.max(3, early) + 2 });

    await bad.heal();
    const healed = await caller.keepSending(guarded, { rate: 60 }, () => untilDelivered(bad, 20, { withinMs: 12_000 }));
    expect(healed).toSucceed();
    expect((await server.received(healed)).filter(({ pod }) => pod === bad.pod)).toHaveDeliveries({
      atLeast: 20,
      atMost: healed.outcomes.length,
    });
  },
);
