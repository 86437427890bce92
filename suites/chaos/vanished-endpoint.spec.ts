import { check, expect } from '#fixtures';

check(
  'With retries, no GET fails when an endpoint vanishes while the control plane is down',
  {
    control: { because: 'nothing is retried', mustFail: { toSucceed: ['answered 503 UF', 'answered 503 UC'] } },
    exclusive: 'mesh-wide',
    needs: { nodes: 'kind', because: 'connections are refused in the networks of pods on their nodes', link: '' },
    timeoutMs: 240_000,
    faults: ['network', 'control-plane'],
  },
  async ({ caller, server, controlPlane, network }) => {
    const vanished = server.version('v2');
    await controlPlane.without(async () => {
      // The control plane cannot tell the caller's proxy that the endpoint is gone.
      const history = await caller.keepSending(server, { rate: 100 }, async (load) => {
        await load.more(1);
        await network.during({ kind: 'refuse' }, { at: vanished, towards: caller }, () => load.more(3));
        await load.more(1);
      });
      expect(history).toSucceed();
    });
  },
);
