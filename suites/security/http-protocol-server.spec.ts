import { check, expect, unsupported } from '#fixtures';

check(
  'A Server declared as HTTP/2 serves HTTP/2 and gRPC to the authorized account alone',
  {
    control: {
      because: 'the other account is authorized',
      // For gRPC a denial is status 7 in a response with status 200.
      mustFail: {
        toSucceed: ['answered 403 without a mark', 'answered 200 without a mark'],
        toBeDenied: 'answered 200',
        toBeEmpty: 'delivered',
      },
    },
    docDeviations: [
      {
        documented: 'proxyProtocol: HTTP/2 rejects everything but HTTP/2',
        observed: 'between proxies, every request is HTTP/2: HTTP/1 requests of meshed callers are served too',
      },
    ],
    istio: unsupported(
      'Istio takes the protocol from the Service port instead',
      'https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/',
    ),
  },
  async ({ caller, secondCaller, v1 }) => {
    for (const protocol of ['h2c', 'grpc'] as const) {
      const allowed = await caller.send(v1, { count: 40, protocol });
      expect(allowed).toSucceed();
      const denied = await secondCaller.send(v1, { count: 40, protocol });
      expect(denied).toBeDenied({ by: 'policy' });
      expect(await v1.received(denied)).toBeEmpty();
    }
  },
);
