import { check, expect, unsupported } from '#fixtures';

// istio/istio#6335, istio/istio#54023
check(
  'A route to an undefined subset answers 503 NC, one to an empty subset 503 UH; others serve',
  {
    control: {
      because: 'both subsets have pods',
      mustFail: { toBeRejectedWith: 'answered 200', toLogEachAs: 'wrong status', toBeEmpty: 'delivered' },
    },
    linkerd: unsupported('Linkerd has no subsets; the backends of its routes are Services', 'https://linkerd.io/2/reference/httproute/'),
  },
  async ({ caller, server }) => {
    for (const [path, flag] of [
      ['/undefined', 'NC'],
      ['/empty', 'UH'],
    ] as const) {
      const rejected = await caller.send(server, { count: 50, path });
      expect(rejected).toBeRejectedWith({ status: 503, flag });
      expect(await server.received(rejected)).toBeEmpty();
      expect(await caller.proxy.accessLog(rejected)).toLogEachAs(rejected, { status: 503, flags: flag });
    }
    expect(await caller.send(server, { count: 50 })).toReachOnly('v1');
  },
);
