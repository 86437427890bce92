import { check, expect, unsupported } from '#fixtures';

check(
  'A local rate limit at the ingress gateway admits 100 requests, then one every 600 ms',
  {
    base: 'ingress-gateway',
    control: { because: 'there is no filter', mustFail: { toBeRateLimited: 'passed without a token' } },
    linkerd: unsupported('Linkerd has no ingress gateway', 'https://linkerd.io/2/tasks/using-ingress/'),
  },
  async ({ unmeshedCaller, ingress, v1 }) => {
    await ingress.openFor(unmeshedCaller);
    const mark = 'x-local-rate-limit';
    // 3.9 s refill 6.5 tokens: halfway between two, so that a small delay changes nothing.
    const limited = await unmeshedCaller.send(ingress, {
      rate: 100,
      count: 390,
      headers: { host: 'api.example.com' },
      keepHeaders: [mark],
    });
    expect(limited).toBeRateLimited({ tokens: 100, tokenMs: 600, mark: [mark, 'true'] });
    expect(await v1.received(limited)).toHaveDeliveries(
      limited.outcomes.filter(({ ending }) => ending.kind === 'response' && ending.status === 200).length,
    );
  },
);
