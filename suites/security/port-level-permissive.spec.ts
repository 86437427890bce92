import { check, expect, unsupported } from '#fixtures';

check(
  'A PERMISSIVE port accepts plaintext on an otherwise STRICT workload',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the port is STRICT too', mustFail: { toSucceed: { reset: 1 } } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, identity }) => {
    const open = await unmeshedCaller.send(server, { count: 50, port: 9090, connections: 'new' });
    expect(open).toSucceed();
    expect(await server.received(open)).toContainEachOnce(open);
    expect(await server.received(open)).toHaveIdentity('');

    const closed = await unmeshedCaller.send(server, { count: 50, port: 8080, connections: 'new' });
    expect(closed).toBeDenied({ by: 'transport' });
    expect(await server.received(closed)).toBeEmpty();

    for (const port of [8080, 9090]) {
      const meshed = await caller.send(server, { count: 50, port });
      expect(meshed).toSucceed();
      expect(await server.received(meshed)).toHaveIdentity(identity('frontend'));
    }
  },
);
