import { check, expect, unsupported } from '#fixtures';

check(
  'A delay fault of 0.1 % delays some requests, and no more than its share',
  {
    control: { because: 'the share is 1 %', mustFail: { toBeRare: '1 %' } },
    linkerd: unsupported('Linkerd cannot inject delays', 'https://linkerd.io/2/tasks/fault-injection/'),
  },
  async ({ caller, v3 }) => {
    const struck = { count: 18_000, concurrency: 64, headers: { 'x-test-fault': 'true' } };
    const [history, plain] = await caller.beside(v3, {}, () => caller.send(v3, struck));
    expect(history).toSucceed();
    // Envoy starts its timer from the time at which its loop last woke up, so a delay may end some milliseconds early.
    const isDelayed = ({ sentMs, answeredMs }: (typeof history.outcomes)[number]) => answeredMs - sentMs >= 1_900;
    const beside = { history: plain, lateMs: 950 };
    expect(history).toBeRare({ what: 'delayed by 2 s', when: isDelayed, rate: 0.001, tooMuch: 0.005, beside });
  },
);
