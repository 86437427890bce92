import { check, expect } from '#fixtures';

check(
  "While a caller's proxy crashes and starts again, nothing bypasses it; then all requests succeed",
  {
    assumes: ['plaintext', 'mutual-tls'],
    control: { because: 'the requests are not captured', mustFail: { toHaveIdentity: 'no identity' } },
    needs: { nodes: 'kind', because: 'the proxy is killed by its node', link: '' },
    faults: ['process'],
    timeoutMs: 240_000,
  },
  async ({ workload, server, pods, identity }) => {
    const fragile = await workload('fragile');
    let back = 0;
    const history = await fragile.keepSending(server, { rate: 50, timeoutMs: 2_000 }, async (load) => {
      await load.more(1);
      await pods.duringProxyCrash(fragile, () => load.more(1));
      back = await load.now();
      await load.more(4);
    });
    expect(await server.received(history)).toHaveIdentity(identity('default'));
    expect(history).toRecover({ from: back, withinMs: 2_000 });
  },
);
