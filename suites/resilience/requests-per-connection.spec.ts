import { check, expect, unsupported } from '#fixtures';

check(
  'Proxies close a connection after exactly the maximum number of requests',
  {
    control: { because: 'there is no limit', mustFail: { toHaveRequestsPerConnection: 'too many on one' } },
    linkerd: unsupported('Linkerd does not limit the number of requests per connection', 'https://linkerd.io/2/features/http-grpc/'),
  },
  async ({ caller, v1, v2 }) => {
    for (const [server, each] of [
      [v2, 1],
      [v1, 2],
    ] as const) {
      const history = await caller.send(server, { count: 40 });
      expect(history).toSucceed();
      expect(await server.received(history)).toHaveRequestsPerConnection(history, { each, header: 'x-peer-port' });
    }
  },
);
