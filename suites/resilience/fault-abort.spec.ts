import { check, decides, expect, unsupported } from '#fixtures';

const TENTH = { p0: 0.1, tolerance: 0.02 };

check(
  'Abort and delay faults act on matching requests only, and retries do not mask an abort',
  {
    control: { because: 'the share is 20 %', mustFail: { toBeRejectedWith: '20 % rejected' } },
    docDeviations: [
      {
        documented: 'a rule may combine a fault with retries',
        observed: 'the fault is injected before retries: an injected abort is not retried, so the caller sees its full share',
      },
    ],
    linkerd: unsupported(
      'Linkerd injects faults only by routing a share of the traffic to a failing backend',
      'https://linkerd.io/2/tasks/fault-injection/',
    ),
  },
  async ({ caller, v1, v2 }) => {
    const enough = decides(TENTH, ({ ending }) => ending.kind === 'response' && ending.status === 500);
    const tested = await caller.sendUntil(enough, v2, { count: 3_000, concurrency: 1_000, headers: { 'x-test-fault': 'true' } });
    expect(tested).toHaveLatency({ atLeastMs: 500 });
    expect(tested).toBeRejectedWith({ status: 500, flag: 'FI', share: TENTH });

    const send = () => caller.send(v2, { count: 300, concurrency: 16, headers: { 'x-test-fault': 'TRUE' } });
    const [others, beside] = await caller.beside(v1, {}, send);
    expect(others).toSucceed();
    expect(others).toHaveLatency({ atMostMs: 250, beside });
  },
);
