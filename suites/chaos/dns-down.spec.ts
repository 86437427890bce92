import { check, expect, unsupported } from '#fixtures';

check(
  'With DNS capture, the names of Services resolve even while the cluster DNS is down',
  {
    assumes: ['cluster-names'],
    control: { because: 'DNS capture is off', mustFail: { toResolve: 'name not resolved' } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: 'connections are refused in the network of the DNS servers on their node', link: '' },
    linkerd: unsupported('Linkerd does not capture DNS; only the cluster DNS resolves names', 'https://linkerd.io/2/features/egress/'),
    timeoutMs: 240_000,
    faults: ['dns'],
  },
  async ({ workload, server, clusterDns }) => {
    const captured = await workload('captured');
    await clusterDns.without(async () => {
      const asked = await captured.send(server, { rate: 20, count: 60, connections: 'new' });
      expect(asked).toResolve();
      expect(asked).toSucceed();
      expect(await server.received(asked)).toContainEachOnce(asked);
    });
    expect(await captured.send(server, { count: 20, connections: 'new' })).toSucceed();
  },
);
