import { check, expect } from '#fixtures';

check(
  'When all endpoints return after being cut off, all requests succeed again within two seconds',
  {
    control: { because: 'all endpoints are ejected for half a minute', mustFail: { toRecover: 'answered 503 UH' } },
    needs: { nodes: 'kind', because: "packets are dropped in the pods' networks on their node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, network }) => {
    let back = 0;
    const history = await caller.keepSending(server, { rate: 100, timeoutMs: 3_000 }, async (load) => {
      await load.more(1);
      await network.duringAll({ kind: 'drop' }, { at: server.endpoints, towards: caller }, () => load.more(2));
      back = await load.now();
      await load.more(4);
    });
    expect(history).toRecover({ from: back, withinMs: 2_000 });
  },
);
