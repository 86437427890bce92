import { check, expect, unsupported } from '#fixtures';

// istio/istio#51314, istio/istio#60367
check(
  'A route with sourceLabels is for the workloads that have them; all others use the plain Service',
  {
    control: {
      because: "the labels are another workload's",
      mustFail: {
        toReachOnly: ['answered by v1', 'answered by v3'],
        toBeRejectedWith: 'answered 200',
        toBeEmpty: 'delivered',
        toSplit: ['100 % to v2', '0 % to v1', '0 % to v3'],
        toSucceed: 'answered 404 NR',
      },
    },
    docDeviations: [
      {
        documented: 'sourceLabels stand among the conditions of a match, and a request that matches no rule is answered 404',
        observed: 'they choose for whom the rule is made: to a caller without them the Service is as if it had no rules',
      },
    ],
    linkerd: unsupported('its routes choose callers by namespace only', 'https://linkerd.io/2/reference/httproute/'),
  },
  async ({ caller, secondCaller, server }) => {
    expect(await caller.send(server, { count: 100, path: '/shop/cart' })).toReachOnly('v2');
    const unmatched = await caller.send(server, { count: 60, path: '/other' });
    expect(unmatched).toBeRejectedWith({ status: 404, flag: 'NR' });
    expect(await server.received(unmatched)).toBeEmpty();

    expect(await secondCaller.send(server, { count: 600, path: '/shop/cart' })).toSplit({ v1: 1, v2: 1, v3: 1 }, { tolerance: 0.15 });
    expect(await secondCaller.send(server, { count: 60, path: '/other' })).toSucceed();
  },
);
