import { check, decides, expect, versionOf } from '#fixtures';

const enough = decides({ p0: 0.1, tolerance: 0.02 }, (outcome) => versionOf(outcome) === 'v2');

check(
  'Weights of 90 and 10 hold while the network of the version with the smaller weight is slow',
  {
    control: { because: 'the weights are 80 and 20', mustFail: { toSplit: ['80 % to v1', '20 % to v2'] } },
    needs: { nodes: 'kind', because: "packets are delayed in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, network }) => {
    await network.during({ kind: 'latency', ms: 60, jitterMs: 10 }, { at: server.version('v2'), towards: caller }, async () => {
      const history = await caller.sendUntil(enough, server, { count: 1_000, concurrency: 32 });
      expect(history).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.02 });
    });
  },
);
