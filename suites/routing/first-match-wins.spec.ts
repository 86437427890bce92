import { check, expect, unsupported } from '#fixtures';

check(
  'The first matching rule wins, even where a later one is more specific',
  {
    control: { because: 'the two rules are swapped', mustFail: { toReachOnly: { 'answered by v2': 1 } } },
    linkerd: unsupported(
      'in the Gateway API, the most specific rule wins, not the first',
      'https://gateway-api.sigs.k8s.io/reference/api-spec/main/spec/#httprouterule',
    ),
  },
  async ({ caller, server }) => {
    const canary = { 'x-canary': 'true' };
    // The rules in order: /api to v1; /api/users or /users, both with the header, to v2; everything else to v3.
    expect(await caller.send(server, { count: 100, path: '/api/users', headers: canary })).toReachOnly('v1');
    expect(await caller.send(server, { count: 100, path: '/api/users' })).toReachOnly('v1');
    expect(await caller.send(server, { count: 100, path: '/api' })).toReachOnly('v1');
    // All conditions of one match must hold, but only one match of a rule.
    expect(await caller.send(server, { count: 100, path: '/users', headers: canary })).toReachOnly('v2');
    expect(await caller.send(server, { count: 100, path: '/users' })).toReachOnly('v3');
    expect(await caller.send(server, { count: 100, path: '/', headers: canary })).toReachOnly('v3');
  },
);
