import { check, target, expect, unsupported } from '#fixtures';

const orders = target('orders.example.internal', 8080);

check(
  'DNS capture resolves a ServiceEntry host that no DNS server knows',
  {
    assumes: ['cluster-names'],
    control: { because: 'DNS capture is off', mustFail: { toResolve: 'name not resolved' } },
    docDeviations: [
      {
        documented: 'DNS capture also needs ISTIO_META_DNS_AUTO_ALLOCATE: "true"',
        observed: 'it is not needed: istiod allocates the addresses, and ISTIO_META_DNS_CAPTURE alone makes the name resolve',
      },
    ],
    linkerd: unsupported('Linkerd does not capture DNS; only the cluster DNS resolves names', 'https://linkerd.io/2/features/egress/'),
  },
  async ({ workload, caller, unmeshedCaller, server }) => {
    const captured = await workload('captured');
    const asked = await captured.send(orders, { count: 60, connections: 'new' });
    expect(asked).toResolve();
    expect(asked).toSucceed();
    expect(await server.received(asked)).toContainEachOnce(asked);

    for (const bystander of [caller, unmeshedCaller]) {
      expect(await bystander.send(orders, { count: 5, connections: 'new' })).toStayUnresolved();
    }
  },
);
