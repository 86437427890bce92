import { check, expect, target } from '#fixtures';

check(
  'While pods are replaced by a rolling update under load, no request fails, even without retries',
  {
    control: { because: 'the old pod ends before the new one starts', mustFail: { toSucceed: 'answered 503 UH' } },
    timeoutMs: 240_000,
  },
  async ({ caller, namespace }, policy) => {
    const history = await caller.keepSending(target(`rolling.${namespace}`, 8080), { rate: 100 }, async (load) => {
      await load.more(1);
      await policy.restart('rolling');
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
