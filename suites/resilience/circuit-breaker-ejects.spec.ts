import { check, expect } from '#fixtures';

check(
  'A backend that keeps failing is ejected, returns after the base time, and stays out longer the second time',
  {
    control: { because: 'outlier detection is off', breaks: 'toShowEjection' },
  },
  async ({ caller, server }) => {
    const bad = server.version('v2');
    await bad.faults({ status: 500 });
    const sick = await caller.send(server, { rate: 60, durationMs: 8_000 });
    expect(sick).toShowEjection({ endpoint: bad.pod, ledger: await server.received(sick), failures: 5, baseEjectionMs: 2_000 });

    await bad.heal();
    const healed = await caller.send(server, { rate: 60, durationMs: 3_500 });
    expect(healed).toSucceed();
  },
);
