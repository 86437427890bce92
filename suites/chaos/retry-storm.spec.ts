import { check, expect, unsupported } from '#fixtures';

check(
  'A limit on concurrent retries keeps retries from multiplying the load on a failing server',
  {
    control: { because: '1,024 retries may be in progress', mustFail: { toHaveDeliveries: 'too many deliveries' } },
    linkerd: unsupported(
      'Linkerd limits retries by a budget, not by how many are in progress; see retry-budget',
      'https://linkerd.io/2/reference/service-profiles/',
    ),
    faults: ['endpoint'],
  },
  async ({ caller, v2 }) => {
    await v2.version('v2').faults({ status: 503, delayMs: 200 });
    const history = await caller.send(v2, { rate: 100, count: 400 });
    expect(history).toHaveStatus(503);
    // One retry at a time, each at least 200 ms long: at most 25 in the five seconds until the last response. Without the limit, there
    // are three for each request.
    expect(await v2.received(history)).toHaveDeliveries({ atLeast: 400, atMost: 440 });
  },
);
