import { check, decides, expect, settledLedger, unsupported } from '#fixtures';

const TENTH = { percent: 10, tolerance: 0.02 };

check(
  'Mirroring copies 10 % of requests to the test service; clients see only the primary',
  {
    assumes: ['mirrored-host'],
    control: { because: 'the share is 20 %', mustFail: { toBeMirrored: '20 % mirrored' } },
    linkerd: unsupported('Linkerd does not support the mirror filter of HTTPRoute', 'https://linkerd.io/2/reference/httproute/'),
  },
  async ({ caller, v1, mirror }) => {
    const copies = new Set<string>();
    const enough = decides({ p0: TENTH.percent / 100, tolerance: TENTH.tolerance }, ({ id }) => copies.has(id));
    const isEnough = async (sent: Parameters<typeof enough>[0]) => {
      for (const { id } of await settledLedger(mirror, sent)) copies.add(id);
      return enough(sent);
    };
    const history = await caller.sendUntil(isEnough, v1, { count: 5_000, concurrency: 16 });
    expect(history).toSucceed();
    expect(await v1.received(history)).toContainEachOnce(history);
    expect(history).toBeMirrored({ ...TENTH, shadowHost: false }, await settledLedger(mirror, history));
  },
);
