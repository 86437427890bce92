import { check, expect, unsupported } from '#fixtures';

check(
  'A STRICT workload rejects plaintext and serves the mesh; the workload beside it accepts both',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the selector matches nothing', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, mirror, identity }) => {
    for (const connections of ['new', 'kept'] as const) {
      const plain = await unmeshedCaller.send(server, { count: 50, connections });
      expect(plain).toBeDenied({ by: 'transport' });
      expect(await server.received(plain)).toBeEmpty();
    }
    const beside = await unmeshedCaller.send(mirror, { count: 50, connections: 'new' });
    expect(beside).toSucceed();
    expect(await mirror.received(beside)).toHaveIdentity('');

    for (const target of [server, mirror]) {
      const meshed = await caller.send(target, { count: 50 });
      expect(meshed).toSucceed();
      expect(await target.received(meshed)).toHaveIdentity(identity('frontend'));
    }
  },
);
