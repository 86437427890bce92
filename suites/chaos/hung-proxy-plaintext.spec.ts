import { check, expect, unsupported } from '#fixtures';

check(
  'A STRICT endpoint accepts no plaintext while its proxy hangs, nor when it continues',
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the selector matches nothing', mustFail: { toBeEmpty: 'delivered' } },
    needs: { nodes: 'kind', because: 'the proxy is stopped by its node', link: '' },
    linkerd: unsupported(
      'Linkerd has no mTLS modes: encryption is automatic, and policies control access',
      'https://linkerd.io/2/features/automatic-mtls/',
    ),
    faults: ['process'],
  },
  async ({ unmeshedCaller, v2, proxies }) => {
    const plain = await unmeshedCaller.keepSending(v2, { rate: 50, connections: 'new', timeoutMs: 1_000 }, async (load) => {
      await load.more(1);
      await proxies.whileHung(v2.version('v2'), () => load.more(2));
      await load.more(1);
    });
    expect(await v2.received(plain)).toBeEmpty();
  },
);
