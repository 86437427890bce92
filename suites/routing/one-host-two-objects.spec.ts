import { check, expect, unsupported } from '#fixtures';

// istio/istio#36621, istio/istio#22997
check(
  'Of two VirtualServices for the same host, only the older one takes effect',
  {
    control: { because: 'the older one also has the rule of the younger one', mustFail: { toReachOnly: { 'answered by v3': 2 } } },
    linkerd: unsupported(
      'the Gateway API merges all routes of a Service',
      'https://gateway-api.sigs.k8s.io/reference/api-spec/main/spec/#httprouterule',
    ),
  },
  async ({ caller, server }, policy) => {
    expect(await caller.send(server, { count: 60, path: '/one' })).toReachOnly('v1');
    // For more than a second, because the age of an object has a resolution of one second.
    const forASecond = ({ outcomes }: { outcomes: readonly { answeredMs: number }[] }) => (outcomes.at(-1)?.answeredMs ?? 0) > 1_100;
    expect(await caller.sendUntil(forASecond, server, { count: 60, path: '/two' })).toReachOnly('v2');
    await policy.change();
    expect(await caller.send(server, { count: 60, path: '/one' })).toReachOnly('v1');
    expect(await caller.send(server, { count: 60, path: '/two' })).toReachOnly('v2');
  },
);
