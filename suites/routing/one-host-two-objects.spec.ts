import { check, expect, unsupported } from '#fixtures';

// istio/istio#36621, istio/istio#22997
check(
  'Of two VirtualServices for one host the mesh follows the older alone, whatever the younger says',
  {
    control: { because: 'the older one has the rule of the younger too', mustFail: { toReachOnly: { 'answered by v3': 2 } } },
    linkerd: unsupported(
      'the routes of one Service are merged: Gateway API precedence',
      'https://gateway-api.sigs.k8s.io/reference/api-spec/main/spec/#httprouterule',
    ),
  },
  async ({ caller, server }, policy) => {
    expect(await caller.send(server, { count: 60, path: '/one' })).toReachOnly('v1');
    // For more than a second: an object's age is told in whole seconds.
    const forASecond = ({ outcomes }: { outcomes: readonly { answeredMs: number }[] }) => (outcomes.at(-1)?.answeredMs ?? 0) > 1_100;
    expect(await caller.sendUntil(forASecond, server, { count: 60, path: '/two' })).toReachOnly('v2');
    await policy.change();
    expect(await caller.send(server, { count: 60, path: '/one' })).toReachOnly('v1');
    expect(await caller.send(server, { count: 60, path: '/two' })).toReachOnly('v2');
  },
);
