import { check, expect, unsupported } from '#fixtures';

check(
  'A local rate limit admits 100 requests, then one every 600 ms, and spares other workloads',
  {
    control: { because: 'the filter is on another workload', mustFail: { toBeRateLimited: 'passed without a token' } },
    linkerd: unsupported(
      'Linkerd limits requests per second and has no token bucket to configure',
      'https://linkerd.io/2/features/rate-limiting/',
    ),
    docDeviations: [
      {
        documented: "the filter adds the header x-rate-limit-remaining: '%RATE_LIMIT_REMAINING%'",
        observed:
          'Envoy has no such command operator and rejects the whole listener, which keeps its previous configuration; a fixed value is accepted',
      },
      {
        documented: 'tokens_per_fill: 100 and fill_interval: 60s give 100 tokens every minute',
        observed: 'the bucket is refilled evenly: one token every 600 ms',
      },
    ],
  },
  async ({ caller, v1, v2 }, policy) => {
    const mark = 'x-local-rate-limit';
    // 3.9 s refill 6.5 tokens: halfway between two, so that a small delay changes nothing.
    const limited = await caller.send(v1, { rate: 100, count: 390, keepHeaders: [mark] });
    expect(limited).toBeRateLimited({ tokens: 100, tokenMs: 600, mark: [mark, 'true'] });
    expect(await v1.received(limited)).toHaveDeliveries(
      limited.outcomes.filter(({ ending }) => ending.kind === 'response' && ending.status === 200).length,
    );

    const other = await caller.send(v2, { count: 300, concurrency: 8 });
    expect(other).toSucceed();

    expect(await policy.refusal()).toFailValidation(/RATE_LIMIT_REMAINING/);
  },
);
