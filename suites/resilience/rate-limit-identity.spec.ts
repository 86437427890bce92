import { check, expect, unsupported } from '#fixtures';

check(
  'A local rate limit applies to each identity separately, with a larger limit for one account',
  {
    control: { because: 'the limits are 1000', mustFail: { toBeRateLimited: 'passed without a token' } },
    istio: unsupported(
      "Istio's local rate limit does not distinguish identities; see rate-limit-sidecar",
      'https://istio.io/latest/docs/tasks/policy-enforcement/rate-limit/',
    ),
  },
  async ({ caller, secondCaller, unmeshedCaller, v1 }) => {
    const order = { rate: 100, count: 390 };
    const [mine, others, plain] = await Promise.all([caller.send(v1, order), secondCaller.send(v1, order), unmeshedCaller.send(v1, order)]);
    expect(mine).toBeRateLimited({ tokens: 5, tokenMs: 200 });
    expect(plain).toBeRateLimited({ tokens: 5, tokenMs: 200 });
    expect(others).toBeRateLimited({ tokens: 15, tokenMs: 1_000 / 15 });
  },
);
