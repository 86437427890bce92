import { check, expect, target, unsupported } from '#fixtures';

check(
  'A STRICT pod accepts no plaintext while its proxy crashes and starts again',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the selector matches nothing', mustFail: { toBeEmpty: 'delivered' } },
    needs: { nodes: 'kind', because: 'the proxy is killed by its node', link: '' },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
    faults: ['process'],
    timeoutMs: 240_000,
  },
  async ({ unmeshedCaller, workload, pods, namespace }) => {
    const guarded = await workload('guarded');
    const service = target(`guarded.${namespace}`, 8080);
    const plain = await unmeshedCaller.keepSending(service, { rate: 50, connections: 'new', timeoutMs: 1_000 }, async (load) => {
      await load.more(1);
      await pods.duringProxyCrash(guarded, () => load.more(1));
      await load.more(1);
    });
    expect(await guarded.received(plain)).toBeEmpty();
  },
);
