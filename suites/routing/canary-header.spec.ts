import { check, decides, expect, versionOf } from '#fixtures';

const enough = decides({ p0: 0.1, tolerance: 0.02 }, (outcome) => versionOf(outcome) === 'v2');

check(
  'A canary header routes its requests to v2 and leaves all others to the weights',
  { control: { because: 'there are no header rules', mustFail: { toReachOnly: 'answered by v1' } } },
  async ({ caller, server }) => {
    for (const [header, value] of [
      ['x-user-group', 'beta'],
      ['x-canary', 'true'],
    ] as const) {
      const canary = await caller.send(server, { count: 100, headers: { [header]: value } });
      expect(canary).toReachOnly('v2');
    }
    for (const headers of [{}, { 'x-user-group': 'betas', 'x-canary': 'TRUE' }]) {
      const anybody = await caller.sendUntil(enough, server, { count: 2_500, concurrency: 16, headers });
      expect(anybody).toSplit({ v1: 90, v2: 10 }, { tolerance: 0.02 });
    }
  },
);
