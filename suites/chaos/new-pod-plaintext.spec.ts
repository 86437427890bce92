import { check, expect, target, unsupported } from '#fixtures';

check(
  'A STRICT pod accepts no plaintext from its first moment on, not even while it is starting',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the selector matches nothing', mustFail: { toBeEmpty: 'delivered' } },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
    timeoutMs: 240_000,
  },
  async ({ unmeshedCaller, workload, namespace }, policy) => {
    const early = target(`early.${namespace}`, 8080);
    for (const round of [1, 2]) {
      const plain = await unmeshedCaller.keepSending(
        early,
        { rate: 50, path: `/round/${round}`, connections: 'new', timeoutMs: 1_000 },
        async (load) => {
          await policy.restart('new-pod');
          await load.more(1);
        },
      );
      const pod = await workload('new-pod');
      expect(await pod.received(plain)).toBeEmpty();
    }
  },
);
