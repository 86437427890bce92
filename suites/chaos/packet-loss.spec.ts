import { check, expect } from '#fixtures';

check(
  'With retries, no GET fails although the network loses 3 % of the packets',
  {
    control: { because: 'nothing is retried', mustFail: { toSucceed: 'answered 504 UT' } },
    needs: { nodes: 'kind', because: "packets are lost in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, v1, network }) => {
    await network.during({ kind: 'loss', share: 0.03 }, { at: v1.version('v1'), towards: caller }, async () => {
      expect(await caller.send(v1, { rate: 100, count: 600 })).toSucceed();
    });
  },
);
