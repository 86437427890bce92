import { check, expect } from '#fixtures';

check(
  'A slow control plane fails no request, and route changes still take effect',
  {
    control: { because: "green selects blue's pods, so the change switches nothing", mustFail: { toCutOver: 'no cut-over' } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: "packets are delayed in the control plane's network on its node", link: '' },
    timeoutMs: 240_000,
    faults: ['control-plane'],
  },
  async ({ caller, server, controlPlane }, policy) => {
    await controlPlane.whileSlow(500, async () => {
      const history = await caller.keepSending(server, { rate: 100 }, async (load) => {
        await load.more(1);
        await policy.change();
        await load.more(1);
      });
      expect(history).toCutOver({ from: 'v1', to: 'v2' });
    });
  },
);
