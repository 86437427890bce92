import { check, expect, unsupported } from '#fixtures';

check(
  'No pod starts without a proxy while the injector is unavailable',
  {
    control: { because: 'the injector is available', mustFail: { toBeDeniedAdmission: 'admitted' }, swap: { injector: 'healthyInjector' } },
    exclusive: 'mesh-wide',
    linkerd: unsupported(
      'without high availability, Linkerd admits pods without a proxy; see injector-ignored',
      'https://linkerd.io/2/features/ha/#proxy-injector-failure-policy',
    ),
    faults: ['injector'],
  },
  async ({ injector, caller, server }) => {
    await injector.without(async () => {
      expect(await injector.newPod()).toBeDeniedAdmission();
      expect(await caller.send(server, { count: 50, connections: 'new' })).toSucceed();
    });
    expect(await injector.newPod()).toBeInjected();
  },
);
