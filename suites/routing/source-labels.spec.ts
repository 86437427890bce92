import { check, expect, unsupported } from '#fixtures';

// istio/istio#51314, istio/istio#60367
check(
  'A route with sourceLabels applies only to workloads with those labels; others use the Service',
  {
    control: {
      because: 'the labels are those of another workload',
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
        documented: 'sourceLabels is a match condition, and a request that matches no rule is answered with 404',
        observed: 'it selects the proxies that get the rule: for all other callers, the Service has no rules',
      },
    ],
    linkerd: unsupported("Linkerd's routes distinguish callers by namespace only", 'https://linkerd.io/2/reference/httproute/'),
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
