import { check, expect, unsupported } from '#fixtures';

check(
  'A port with mTLS disabled gets plaintext even from mesh callers; other ports stay STRICT',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the port is STRICT', mustFail: { toHaveIdentity: { 'an identity': 1 }, toSucceed: { reset: 1 } } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ caller, unmeshedCaller, server, identity }) => {
    const bare = await caller.send(server, { count: 50, port: 9090 });
    expect(bare).toSucceed();
    expect(await server.received(bare)).toHaveIdentity('');
    expect(await unmeshedCaller.send(server, { count: 50, port: 9090, connections: 'new' })).toSucceed();

    const strict = await caller.send(server, { count: 50, port: 8080 });
    expect(strict).toSucceed();
    expect(await server.received(strict)).toHaveIdentity(identity('frontend'));
    const plain = await unmeshedCaller.send(server, { count: 50, port: 8080, connections: 'new' });
    expect(plain).toBeDenied({ by: 'transport' });
    expect(await server.received(plain)).toBeEmpty();
  },
);
