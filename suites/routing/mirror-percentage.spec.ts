import { check, expect, unsupported } from '#fixtures';

check(
  'Mirroring copies 10 % of the requests to the test service and shows the client only the primary',
  {
    control: { because: 'the share is 20 %', breaks: { toBeMirrored: '20 % mirrored' } },
    linkerd: unsupported('routes have no mirror filter', 'https://linkerd.io/2/reference/httproute/'),
  },
  async ({ caller, v1, mirror }) => {
    const history = await caller.send(v1, { count: 3_000, concurrency: 16 });
    expect(history).toSucceed();
    expect(await v1.received(history)).toEqualIds(history);
    expect(history).toBeMirrored({ percent: 10, tolerance: 0.05, shadowHost: false }, await mirror.settled(history));
  },
);
