import { between, check, expect, unsupported } from '#fixtures';

check(
  'When STRICT is switched on under load, no mTLS request fails and no plaintext is delivered any more',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the policy becomes STRICT for no workload', mustFail: { toBeDenied: 'answered 200', toBeEmpty: 'delivered' } },
    timeoutMs: 240_000,
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
  },
  async ({ caller, unmeshedCaller, server }, policy) => {
    const at = { changed: 0, enforced: 0 };
    const over = Promise.withResolvers<void>();
    const [meshed, plain] = await Promise.all([
      caller.keepSending(server, { rate: 100 }, () => over.promise),
      unmeshedCaller
        .keepSending(server, { rate: 50, connections: 'new', timeoutMs: 2_000 }, async (load) => {
          await load.more(1);
          at.changed = await load.now();
          await policy.change();
          at.enforced = await load.now();
          await load.more(2);
        })
        .finally(over.resolve),
    ]);
    expect(between(plain, 0, at.changed)).toSucceed();
    expect(meshed).toSucceed({ duringChange: true });
    const late = between(plain, at.enforced);
    expect(late).toBeDenied({ by: 'transport' });
    expect(await server.received(late)).toBeEmpty();
  },
);
