import { between, check, expect } from '#fixtures';

const LIFETIME_S = 24;

check(
  'A certificate that cannot be renewed while the CA is away serves until it expires, and not after',
  {
    assumes: ['mutual-tls'],
    control: { because: 'the certificate is valid for a day', mustFail: { toBeEmpty: 'delivered' } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: "connections are refused in the control plane's network on its node", link: '' },
    timeoutMs: 300_000,
    variables: async () => ({ LIFETIME: `${LIFETIME_S}s` }),
    faults: ['control-plane'],
  },
  async ({ workload, server, controlPlane }) => {
    const client = await workload('short-lived');
    await controlPlane.without(async () => {
      let from = 0;
      const history = await client.keepSending(server, { rate: 25, timeoutMs: 2_000 }, async (load) => {
        from = await load.now();
        await load.more(LIFETIME_S + 4);
      });
      expect(between(history, from, from + 1_000)).toSucceed();
      // Proxies and servers read the clock of one machine.
      const late = between(history, from + 1_000 * LIFETIME_S + 1_000);
      expect(await server.received(late)).toBeEmpty();
    });
  },
);
