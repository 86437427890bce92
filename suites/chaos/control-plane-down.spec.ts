import { check, expect } from '#fixtures';

check(
  'While the control plane is down, old and new connections are routed as before and nothing fails',
  {
    control: { because: 'the header rule is gone', mustFail: { toReachOnly: 'answered by v1' } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: "connections are refused in the control plane's network on its node", link: '' },
    timeoutMs: 240_000,
    faults: ['control-plane'],
  },
  async ({ caller, secondCaller, server, controlPlane }) => {
    const canary = { rate: 50, headers: { 'x-canary': 'true' } };
    const history = await caller.keepSending(server, { rate: 100 }, async (load) => {
      await load.more(1);
      await controlPlane.without(async () => {
        for (const connections of ['kept', 'new'] as const) {
          expect(await caller.send(server, { ...canary, connections, count: 150 })).toReachOnly('v2');
          // It has sent nothing yet, so its proxy knows the server only from before the outage.
          expect(await secondCaller.send(server, { ...canary, connections, count: 150 })).toReachOnly('v2');
        }
      });
      await load.more(1);
    });
    expect(history).toSucceed();
  },
);
