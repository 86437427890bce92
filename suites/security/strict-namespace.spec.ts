import { check, expect, unsupported } from '#fixtures';

check(
  'A STRICT namespace rejects plaintext in a PERMISSIVE mesh; its neighbour stays open',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the namespace has no policy', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, neighbourServer, identity }) => {
    for (const connections of ['new', 'kept'] as const) {
      const plain = await unmeshedCaller.send(server, { count: 50, connections });
      expect(plain).toBeDenied({ by: 'transport' });
      expect(await server.received(plain)).toBeEmpty();
    }
    const open = await unmeshedCaller.send(neighbourServer, { count: 50, connections: 'new' });
    expect(open).toSucceed();
    expect(await neighbourServer.received(open)).toHaveIdentity('');

    for (const target of [server, neighbourServer]) {
      const meshed = await caller.send(target, { count: 50 });
      expect(meshed).toSucceed();
      expect(await target.received(meshed)).toHaveIdentity(identity('frontend'));
    }
  },
);
