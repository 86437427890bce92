import { check, decides, expect, unsupported, versionOf } from '#fixtures';

const WHY = [
  'SMI is archived, and the mesh does not include its kind TrafficSplit; see http-route',
  'https://github.com/servicemeshinterface/smi-spec',
] as const;
const enough = decides({ p0: 0.1, tolerance: 0.02 }, (outcome) => versionOf(outcome) === 'v2');

check(
  'An SMI TrafficSplit sends 90 % of requests to v1 and 10 % to v2',
  {
    control: {
      because: 'the weights are 80 and 20',
      mustFail: { toSplit: ['80 % to v1', '20 % to v2'] },
      swap: { caller: 'secondCaller' },
    },
    istio: unsupported(...WHY),
    linkerd: unsupported(...WHY),
  },
  async ({ caller, server }) => {
    const history = await caller.sendUntil(enough, server, { count: 2_500, concurrency: 16 });
    expect(history).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.02 });
  },
);
