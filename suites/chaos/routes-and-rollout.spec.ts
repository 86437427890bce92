import { check, expect } from '#fixtures';

check(
  'While the canary is rolled out, requests with its header reach only it, and all others only v1',
  {
    control: { because: 'the header rule is gone', mustFail: { toReachOnly: { 'answered by v1': 1 } } },
    timeoutMs: 240_000,
  },
  async ({ caller, secondCaller, server }, policy) => {
    const over = Promise.withResolvers<void>();
    const [tagged, others] = await Promise.all([
      caller.keepSending(server, { rate: 50, headers: { 'x-canary': 'true' } }, () => over.promise),
      secondCaller
        .keepSending(server, { rate: 50 }, async (load) => {
          await load.more(1);
          await policy.restart('canary');
          await load.more(1);
        })
        .finally(over.resolve),
    ]);
    expect(tagged).toReachOnly('v2');
    expect(others).toReachOnly('v1');
  },
);
