import { check, expect, unsupported, untilRequested } from '#fixtures';

check(
  'Mesh-wide STRICT rejects plaintext everywhere, on old connections too, without harming mesh calls',
  {
    assumes: ['open-mesh'],
    exclusive: 'mesh-wide',
    control: {
      because: 'the policy becomes STRICT for no workload',
      mustFail: { toBecomeDenied: 'still succeeding', toBeDenied: 'answered 200', toBeEmpty: 'delivered' },
    },
    docDeviations: [
      {
        documented: 'mode: STRICT requires mTLS from the moment it is applied',
        observed:
          'new connections are rejected at once; open ones continue in plaintext until their listener has drained, 45 s by default; the evidence contains both times',
      },
    ],
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ unmeshedCaller, caller, server, mirror, neighbourServer }, policy) => {
    const everywhere = [server, mirror, neighbourServer];
    for (const target of everywhere) expect(await unmeshedCaller.send(target, { count: 50, connections: 'new' })).toSucceed();

    const plaintext = (path: string, connections: 'kept' | 'new') =>
      unmeshedCaller.send(server, { rate: 50, count: 450, path, connections });
    const change = async () => {
      await untilRequested(server, '/kept', '/new');
      await policy.change();
    };
    const [kept, renewed, meshed] = await Promise.all([
      plaintext('/kept', 'kept'),
      plaintext('/new', 'new'),
      caller.sendDuring(change, server, { count: 50, concurrency: 4 }),
    ]);
    expect(meshed).toSucceed({ duringChange: true });
    expect(await server.received(meshed)).toContainEachOnce(meshed);
    // A busy machine may take seconds to compute and deliver the configuration.
    for (const plain of [kept, renewed]) expect(plain).toBecomeDenied({ withinMs: 8_000 });

    for (const target of everywhere) {
      const plain = await unmeshedCaller.send(target, { count: 50, connections: 'new' });
      expect(plain).toBeDenied({ by: 'transport' });
      expect(await target.received(plain)).toBeEmpty();
      const after = await caller.send(target, { count: 50 });
      expect(after).toSucceed();
      expect(await target.received(after)).toContainEachOnce(after);
    }
  },
);
