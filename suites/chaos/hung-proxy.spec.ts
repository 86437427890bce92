import { between, check, expect, firstFailure } from '#fixtures';

/** The base ejection time in the manifest, after which the endpoint is tried again, whether its proxy runs or not. */
const EJECTED_MS = 6_000;

check(
  'An endpoint whose proxy hangs is ejected within two seconds, and no request fails once it continues',
  {
    control: { because: 'outlier detection is off', mustFail: { toRecover: { 'answered 503 UF': 1 } } },
    docDeviations: [
      {
        documented: 'outlierDetection with consecutiveGatewayErrors: 3 ejects an endpoint that answers no request in time',
        observed:
          'an endpoint whose proxy hangs is not ejected within four seconds unless connectTimeout is below its default of ten: requests that wait for the handshake do not count',
      },
    ],
    needs: { nodes: 'kind', because: 'the proxy is stopped by its node', link: '' },
    faults: ['process'],
  },
  async ({ caller, server, v3, proxies }) => {
    const hanging = server.version('v2');
    const at = { before: 0, ended: 0, back: 0 };
    const send = () =>
      caller.keepSending(server, { rate: 100 }, async (load) => {
        await load.more(1);
        at.before = await load.now();
        await proxies.whileHung(hanging, async () => {
          await load.more(3);
          at.ended = await load.now();
        });
        at.back = await load.now();
        await load.untilAnsweredBy(hanging, { since: at.back, count: 20, withinMs: 40_000 });
        await load.more(2);
      });
    // Neither the fault nor the policy applies to v3 under its own name: only the machine delays its requests.
    const [history] = await caller.beside(v3, {}, send);
    expect(between(history, 0, at.before - 500)).toSucceed();
    // The proxy hangs before its effect has been measured, so the first failed request shows when it began.
    const hung = firstFailure(history, at.before - 500);
    expect(history).toRecover({ from: hung, to: Math.min(at.ended, hung + EJECTED_MS), withinMs: 2_000 });
    expect(history).toRecover({ from: at.back, withinMs: 2_000 });
  },
);
