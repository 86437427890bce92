import { check, expect, unsupported } from '#fixtures';

check(
  'PERMISSIVE accepts plaintext, and a mesh caller still arrives with its identity',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the mode is STRICT', mustFail: { toSucceed: { reset: 1 } } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, identity }) => {
    for (const port of [8080, 9090]) {
      const plain = await unmeshedCaller.send(server, { count: 50, port, connections: 'new' });
      expect(plain).toSucceed();
      expect(await server.received(plain)).toHaveIdentity('');

      const meshed = await caller.send(server, { count: 50, port });
      expect(meshed).toSucceed();
      expect(await server.received(meshed)).toHaveIdentity(identity('frontend'));
    }
    expect(await unmeshedCaller.send(server, { count: 50, port: 9000, protocol: 'tcp', connections: 'new' })).toSucceed();
  },
);
