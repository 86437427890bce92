import { check, expect, unsupported } from '#fixtures';

check(
  'Without high availability, a pod started while the injector is down gets no proxy',
  {
    control: { because: 'the injector is available', mustFail: { toHaveNoProxy: 'with a proxy' }, swap: { injector: 'healthyInjector' } },
    exclusive: 'mesh-wide',
    istio: unsupported(
      "without Istio's injector, pods are rejected; see injector-down",
      'https://istio.io/latest/docs/ops/common-problems/injection/',
    ),
    faults: ['injector'],
  },
  async ({ injector, caller, server }) => {
    await injector.without(async () => {
      expect(await injector.newPod()).toHaveNoProxy();
      expect(await caller.send(server, { count: 50, connections: 'new' })).toSucceed();
    });
    expect(await injector.newPod()).toBeInjected();
  },
);
