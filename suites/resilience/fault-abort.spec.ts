import { check, expect, unsupported } from '#fixtures';

check(
  'An abort fault ends 10 % of the requests with the test header in 500 whatever the retries, delays all of them, and touches no other',
  {
    control: { because: 'the share is 20 %', breaks: { toBeRejectedWith: '20 % rejected' } },
    guide: [
      {
        says: 'a rule may have a fault and retries beside each other',
        reality: 'the fault comes before the retries: an injected abort is not tried again, so its share reaches the caller whole',
      },
    ],
    linkerd: unsupported('faults are a share of traffic sent to a failing backend', 'https://linkerd.io/2/tasks/fault-injection/'),
  },
  async ({ caller, v2 }) => {
    const tested = await caller.send(v2, { count: 3_000, concurrency: 500, headers: { 'x-test-fault': 'true' } });
    expect(tested).toTake({ atLeastMs: 500 });
    expect(tested).toBeRejectedWith({ status: 500, flag: 'FI', share: { p0: 0.1, tolerance: 0.05 } });

    const others = await caller.send(v2, { count: 300, concurrency: 16, headers: { 'x-test-fault': 'TRUE' } });
    expect(others).toSucceed();
    expect(others).toTake({ atMostMs: 250 });
  },
);
