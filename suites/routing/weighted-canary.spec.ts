import { check, decides, expect, versionOf } from '#fixtures';

const enough = decides({ p0: 0.1, tolerance: 0.02 }, (outcome) => versionOf(outcome) === 'v2');

check(
  'A weighted canary sends 10 % of requests to v2 and the rest to v1',
  { control: { because: 'the weights are 80 and 20', mustFail: { toSplit: ['80 % to v1', '20 % to v2'] } } },
  async ({ caller, server }) => {
    const history = await caller.sendUntil(enough, server, { count: 2_500, concurrency: 16 });
    expect(history).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.02 });
    expect(await server.received(history)).toContainEachOnce(history);
  },
);
