import { check, expect } from '#fixtures';

check(
  'An application held until its proxy is ready gets its first request through',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the application is not held', mustFail: { toSucceed: { 'connection refused': 1 } } },
    docDeviations: [
      {
        documented: 'holdApplicationUntilProxyStarts: true makes applications wait for their proxy',
        observed:
          'it only matters with sidecar.istio.io/nativeSidecar: "false"; applications always wait for a native sidecar, now the default',
      },
    ],
  },
  async ({ workload, identity, server }, policy) => {
    await policy.change();
    for (const app of ['eager', 'native']) {
      const first = await (await workload(app)).firstRequest();
      expect(first).toSucceed();
      const arrived = await server.received(first);
      expect(arrived).toContainEachOnce(first);
      expect(arrived).toHaveIdentity(identity('default'));
    }
  },
);
