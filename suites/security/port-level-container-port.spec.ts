import { check, expect, target, unsupported } from '#fixtures';

// istio/istio#49098, istio/istio#27994
check(
  "A port-level mTLS mode applies to the container's port, not to the Service's",
  {
    control: {
      because: 'the two port numbers are swapped',
      mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered', toSucceed: { reset: 1 } },
    },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, mirror, identity, namespace }) => {
    const exceptServicePort = target(`server-on-80.${namespace}`, 80);
    const exceptContainerPort = target(`mirror-on-80.${namespace}`, 80);
    for (const service of [exceptServicePort, exceptContainerPort]) await unmeshedCaller.untilReaches(service);

    const closed = await unmeshedCaller.send(exceptServicePort, { count: 50, connections: 'new' });
    expect(closed).toBeDenied({ by: 'transport' });
    expect(await server.received(closed)).toBeEmpty();

    const open = await unmeshedCaller.send(exceptContainerPort, { count: 50, connections: 'new' });
    expect(open).toSucceed();
    expect(await mirror.received(open)).toHaveIdentity('');

    for (const [service, pods] of [
      [exceptServicePort, server],
      [exceptContainerPort, mirror],
    ] as const) {
      const meshed = await caller.send(service, { count: 50 });
      expect(meshed).toSucceed();
      expect(await pods.received(meshed)).toHaveIdentity(identity('frontend'));
    }
  },
);
