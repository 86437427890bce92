import { between, check, expect, firstFailure } from '#fixtures';

/** The base ejection time in the manifest, after which the endpoint is tried again, whether it is back or not. */
const EJECTED_MS = 6_000;

check(
  'An endpoint that is cut off is ejected within two seconds, and used again once it is reachable',
  {
    control: { because: 'outlier detection is off', mustFail: { toRecover: { 'answered 503 UF': 1 } } },
    needs: { nodes: 'kind', because: "packets are dropped in the pod's network on its node", link: '' },
    faults: ['network'],
  },
  async ({ caller, server, v3, network }) => {
    const lost = server.version('v2');
    const at = { before: 0, ended: 0, back: 0, used: 0 };
    const send = () =>
      caller.keepSending(server, { rate: 100 }, async (load) => {
        await load.more(1);
        at.before = await load.now();
        await network.during({ kind: 'drop' }, { at: lost, towards: caller }, async () => {
          await load.more(3);
          at.ended = await load.now();
        });
        at.back = await load.now();
        // More than one: attempts that began under the fault may fail until they time out, and eject it once more.
        await load.untilAnsweredBy(lost, { since: at.back, count: 20, withinMs: 40_000 });
        at.used = await load.now();
        await load.more(2);
      });
    // Neither the fault nor the policy applies to v3 under its own name: only the machine delays its requests.
    const [history] = await caller.beside(v3, {}, send);
    expect(between(history, 0, at.before - 500)).toSucceed();
    // The fault takes effect before its effect has been measured, so the first failed request shows when it began.
    const cut = firstFailure(history, at.before - 500);
    expect(history).toRecover({ from: cut, to: Math.min(at.ended, cut + EJECTED_MS), withinMs: 2_000 });
    expect(history).toRecover({ from: at.back, withinMs: 2_000 });
    const last = between(history, at.used);
    expect(await server.received(last)).toHaveEjected([], { of: server.endpoints, history: last });
  },
);
