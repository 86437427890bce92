import { between, check, expect } from '#fixtures';

check(
  'An endpoint that is cut off is ejected within two seconds, and used again once it is back',
  {
    control: { because: 'outlier detection is off', mustFail: { toRecover: { 'answered 504 UT': 1 } } },
    needs: { nodes: 'kind', because: "packets are dropped in the pod's network on its node", link: '' },
  },
  async ({ caller, server, network }) => {
    const lost = server.version('v2');
    const at = { before: 0, cut: 0, ended: 0, back: 0 };
    const history = await caller.keepSending(server, { rate: 100 }, async (load) => {
      await load.more(1);
      at.before = await load.now();
      await network.during({ kind: 'drop' }, { at: lost, towards: caller }, async () => {
        at.cut = await load.now();
        await load.more(3);
        at.ended = await load.now();
      });
      at.back = await load.now();
      await load.more(10);
    });
    expect(between(history, 0, at.before - 500)).toSucceed({ lateMs: 1_000 });
    expect(history).toRecover({ from: at.cut, to: at.ended, withinMs: 2_000 });
    expect(history).toRecover({ from: at.back, withinMs: 2_000 });
    const last = between(history, at.back + 7_000);
    expect(await server.received(last)).toHaveEjected([], { of: server.endpoints, history: last });
  },
);
