import { check, expect, unsupported, untilDelivered, untilEjected } from '#fixtures';

check(
  'A failing backend is ejected, returns after the base time, and stays out longer the second time',
  {
    assumes: ['default-retries'],
    control: { because: 'outlier detection is off', mustFail: { toEjectAndReadmit: 'never ejected' } },
    linkerd: unsupported(
      'Linkerd readmits an endpoint after a successful probe; see failure-accrual',
      'https://linkerd.io/2/reference/circuit-breaking/',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, server }) => {
    const bad = server.version('v2');
    // Each step begins when the ledgers show the previous one: in use, ejected, readmitted, ejected again, readmitted and serving. Once
    // readmitted, the backend serves five requests and fails again by itself: it must fail within one interval, and this process may be late.
    const relapse = async (): Promise<void> => {
      await untilDelivered(bad, 20);
      await bad.faults({ status: 500 });
      if (!(await untilEjected(server, bad))) return;
      await bad.faults({ status: 200, times: 5 }, { status: 500 });
      await untilDelivered(bad, 10);
      if (!(await untilEjected(server, bad))) return;
      await bad.heal();
      await untilDelivered(bad, 20);
    };
    const history = await caller.keepSending(server, { rate: 150 }, relapse);
    const ledger = await server.received(history);
    const clocks = await server.clocksAgainst(caller);
    expect(history).toEjectAndReadmit({ endpoint: bad.pod, ledger, clocks, failures: 5, baseEjectionMs: 1_500, intervalMs: 1_000 });
  },
);
