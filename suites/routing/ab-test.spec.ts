import { check, expect } from '#fixtures';

check(
  'An A/B test serves v2 to beta testers only and v1 to everyone else',
  { control: { because: 'the rule names another group', mustFail: { toReachOnly: { 'answered by v1': 2 } } } },
  async ({ caller, secondCaller, server }) => {
    for (const prober of [caller, secondCaller]) {
      const testers = await prober.send(server, { count: 300, concurrency: 8, headers: { 'user-group': 'beta-testers' } });
      expect(testers).toReachOnly('v2');
      const everybody = await prober.send(server, { count: 300, concurrency: 8 });
      expect(everybody).toReachOnly('v1');
    }
    for (const group of ['beta-tester', 'beta', 'Beta-Testers', 'alpha-testers', 'beta-testers,staff']) {
      expect(await caller.send(server, { count: 50, headers: { 'user-group': group } })).toReachOnly('v1');
    }
  },
);
