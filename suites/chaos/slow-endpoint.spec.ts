import { check, expect } from '#fixtures';

check(
  'By default, an endpoint with a slow network receives fewer requests than others, and none fails',
  {
    control: { because: 'load balancing is ROUND_ROBIN', mustFail: { toGiveLess: 'an equal share' } },
    needs: { nodes: 'kind', because: "packets are delayed in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, network }) => {
    const slow = server.version('v2');
    await network.during({ kind: 'latency', ms: 200, jitterMs: 20 }, { at: slow, towards: caller }, async () => {
      const history = await caller.send(server, { rate: 100, count: 800 });
      expect(history).toSucceed();
      expect(await server.received(history)).toGiveLess(slow, { of: server.endpoints, history });
    });
  },
);
